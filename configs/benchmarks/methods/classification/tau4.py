# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/classroom.py'
title = 'classroom, fixed τ = 4'
source = 'docs/method.md, "Ablations"'
distiller = dict(mentoring=dict(mentoring=4.0))
