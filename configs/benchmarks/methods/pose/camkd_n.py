# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Every mentor teaches; its confidence is its score on the keypoints.
_base_ = './kl.py'
title = 'CA-MKD weights: OKS, weight n'
source = 'arXiv 2201.00007, for heatmaps'
distiller = dict(knowledge_filter=dict(weights='confidence'))
