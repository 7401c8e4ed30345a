# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/every_mentor.py'
title = 'EBKD, τ = 4'
source = '"Adaptive knowledge distillation based on entropy", ICASSP 2020'
distiller = dict(
    scorer=dict(type='EntropyScorer'),
    knowledge_filter=dict(weights='confidence'),
)
