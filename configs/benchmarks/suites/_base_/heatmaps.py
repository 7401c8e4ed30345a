# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# What the methods for pose models change: the classroom of the paper.
_base_ = '../../../_base_/classroom/heatmaps.py'
distiller = _base_.settings.paper
