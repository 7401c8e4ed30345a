# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/every_mentor.py'
title = 'DTKD, best mentor'
source = 'arXiv 2404.12711, without its erratum'
mentors = 'best'
distiller = dict(
    mentoring=dict(mentoring='dtkd'),
    distill_losses=dict(loss_classroom=dict(loss_weight=1.0)),
)
