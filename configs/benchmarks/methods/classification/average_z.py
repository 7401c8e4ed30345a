# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/every_mentor.py'
title = 'average of the mentors, z-scored logits'
source = 'arXiv 2403.01427'
distiller = dict(distill_losses=dict(loss_classroom=dict(standardize=3.0)))
