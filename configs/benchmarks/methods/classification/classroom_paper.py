# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/classroom.py'
title = 'classroom, sample, W = score (the paper)'
source = 'arXiv 2409.20237'
distiller = dict(task_weight='student_score')
