# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './classroom.py'
title = 'classroom: OKS, sample, active mentors weigh the same'
distiller = dict(knowledge_filter=dict(weights='uniform'))
