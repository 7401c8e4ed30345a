# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The batch decides who teaches, each sample who weighs how much.
_base_ = './_base_/classroom.py'
title = 'admitted by the batch, CA-MKD weights, τ = 4'
source = 'docs/method.md, "Options beyond the paper"'
distiller = dict(
    knowledge_filter=dict(level='batch', weights='confidence'),
    mentoring=dict(mentoring=4.0),
)
