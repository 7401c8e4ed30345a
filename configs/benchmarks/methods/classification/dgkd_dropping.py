# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# For each batch, each of the two is left out with a probability of 1/4.
_base_ = './dgkd.py'
title = 'DGKD, one assistant, dropped at random, τ = 4'
source = 'arXiv 2009.08825'
distiller = dict(knowledge_filter=dict(_delete_=True, type='DroppingFilter'))
