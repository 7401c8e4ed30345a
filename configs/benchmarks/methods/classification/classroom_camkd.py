# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/classroom.py'
title = 'CA-MKD weights behind the filter, τ = 4'
source = 'docs/method.md, Options beyond the paper'
distiller = dict(
    knowledge_filter=dict(weights='confidence'), mentoring=dict(mentoring=4.0)
)
