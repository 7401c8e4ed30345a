# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './classroom_trust.py'
title = 'classroom with trust, labels corrected, τ = 4'
distiller = dict(distill_losses=dict(loss_classroom=dict(correct=True)))
