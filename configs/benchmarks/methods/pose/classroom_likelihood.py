# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './classroom.py'
title = 'classroom: likelihood, sample'
distiller = dict(scorer=dict(score='likelihood'))
