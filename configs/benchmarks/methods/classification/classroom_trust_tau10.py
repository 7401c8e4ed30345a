# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# For a student that is far behind its mentors.
_base_ = './classroom_trust.py'
title = 'classroom with trust, τ = 10'
distiller = dict(mentoring=dict(mentoring=10.0))
