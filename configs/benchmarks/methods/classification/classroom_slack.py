# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/classroom.py'
title = 'CA-MKD weights, filter with slack 2, τ = 4'
source = 'docs/method.md, Options beyond the paper'
distiller = dict(
    knowledge_filter=dict(slack=2.0, weights='confidence'),
    mentoring=dict(mentoring=4.0),
)
