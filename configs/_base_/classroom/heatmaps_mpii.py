# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = 'heatmaps.py'
distiller = dict(scorer=dict(sigmas='mpii'))
