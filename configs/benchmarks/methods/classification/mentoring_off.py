# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/classroom.py'
title = 'classroom, mentoring off (τ = 1)'
source = 'docs/method.md, "Ablations"'
distiller = dict(mentoring=dict(mentoring='off'))
