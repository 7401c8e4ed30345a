# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Every mentor teaches every sample with weight 1 and temperature 1.
_base_ = './_base_/classroom.py'
title = 'classroom, filtering off'
source = 'docs/method.md, "Ablations"'
distiller = dict(
    knowledge_filter=dict(filtering=False), mentoring=dict(mentoring='off')
)
