# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# A quarter of the cells of COCO's maps, so four times the weight.
_base_ = 'heatmaps.py'
distiller = dict(distill_losses=dict(loss_heatmap=dict(loss_weight=0.01)))
