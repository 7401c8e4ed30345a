# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/every_mentor.py'
title = 'CA-MKD, τ = 4'
source = 'arXiv 2201.00007, without its features'
distiller = dict(knowledge_filter=dict(weights='confidence'))
