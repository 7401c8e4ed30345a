# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# A wrong mentor is corrected in the place of being dropped.
_base_ = './_base_/every_mentor.py'
title = 'average of the mentors, labels corrected'
source = 'arXiv 2408.07703'
distiller = dict(distill_losses=dict(loss_classroom=dict(correct=True)))
