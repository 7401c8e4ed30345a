# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The best mentor and its assistant teach the student together; nobody is dropped.
_base_ = './takd.py'
title = 'DGKD, one assistant, τ = 4'
source = 'arXiv 2009.08825, without its random dropping'
mentors = {'{best}': '{teacher}'}
distiller = dict(distill_losses=dict(loss_classroom=dict(loss_weight=0.5)))
