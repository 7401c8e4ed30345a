# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/every_mentor.py'
title = 'average of the mentors, τ = 4'
source = 'docs/method.md, "Baselines": AVER, in the space of probabilities'
