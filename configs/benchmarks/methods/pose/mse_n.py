# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The total weight of the classroom.
_base_ = './mse.py'
title = 'MSE between heatmaps, average of the mentors, weight n'
distiller = dict(distill_losses=dict(loss_heatmap=dict(loss_weight=1.0)))
