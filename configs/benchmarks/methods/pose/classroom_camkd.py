# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './classroom.py'
title = 'CA-MKD weights behind the filter: OKS, sample'
distiller = dict(knowledge_filter=dict(weights='confidence'))
