# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/classroom.py'
title = 'classroom, batch, W = score, rounded (the release)'
source = 'docs/method.md, "Levels"'
distiller = dict(
    knowledge_filter=dict(level='batch', rank_decimals=2),
    task_weight='student_score',
)
