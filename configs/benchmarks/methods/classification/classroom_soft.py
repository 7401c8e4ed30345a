# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/classroom.py'
title = 'classroom, soft gate, τ = 4'
source = 'docs/method.md, Options beyond the paper'
distiller = dict(
    knowledge_filter=dict(filtering='soft', weights='uniform'),
    mentoring=dict(mentoring=4.0),
)
