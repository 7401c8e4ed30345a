# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './classroom_trust.py'
title = 'classroom with trust, z-scored logits'
distiller = dict(distill_losses=dict(loss_classroom=dict(standardize=3.0)))
