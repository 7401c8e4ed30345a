# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './classroom.py'
title = 'classroom: OKS, sample, mentoring off'
distiller = dict(mentoring=dict(mentoring='off'))
