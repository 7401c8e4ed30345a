# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Nobody is dropped: running trust, times the weights of CA-MKD.
_base_ = './classroom.py'
title = 'running trust with CA-MKD weights: OKS'
source = 'docs/method.md, "Options beyond the paper"'
distiller = dict(
    knowledge_filter=dict(_delete_=True, type='TrustFilter'),
    mentoring=dict(mentoring='off'),
)
