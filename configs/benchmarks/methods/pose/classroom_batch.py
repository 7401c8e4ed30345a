# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './classroom.py'
title = 'classroom: OKS, batch'
distiller = dict(knowledge_filter=dict(level='batch'))
