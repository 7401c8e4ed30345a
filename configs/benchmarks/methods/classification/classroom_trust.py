# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Nobody is dropped: running trust, times the weights of CA-MKD.
_base_ = './_base_/classroom.py'
title = 'CA-MKD weights, doubting who stays behind (trust), τ = 4'
source = 'docs/method.md, "Options beyond the paper"'
distiller = dict(
    knowledge_filter=dict(_delete_=True, type='TrustFilter'),
    mentoring=dict(mentoring=4.0),
)
