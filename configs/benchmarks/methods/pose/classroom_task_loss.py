# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './classroom.py'
title = 'classroom: task loss, sample'
distiller = dict(scorer=dict(score='task_loss'))
