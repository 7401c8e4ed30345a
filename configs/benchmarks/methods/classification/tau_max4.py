# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/classroom.py'
title = 'classroom, τ_max = 4'
source = 'docs/method.md, "Ablations"'
distiller = dict(mentoring=dict(tau_max=4))
