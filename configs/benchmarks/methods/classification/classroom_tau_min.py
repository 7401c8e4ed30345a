# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/classroom.py'
title = 'classroom, τ at least 4'
source = 'docs/method.md, Options beyond the paper'
distiller = dict(mentoring=dict(tau_min=4.0))
