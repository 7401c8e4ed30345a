# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './kl.py'
title = 'KL between heatmaps, best mentor'
mentors = 'best'
