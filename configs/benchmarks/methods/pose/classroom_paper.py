# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './classroom.py'
title = 'classroom: OKS, sample, W = score (the paper)'
distiller = dict(task_weight='student_score')
