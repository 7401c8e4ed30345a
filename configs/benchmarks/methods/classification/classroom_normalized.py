# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/classroom.py'
title = 'classroom, ranks normalised over the active'
source = 'docs/method.md, Options beyond the paper'
distiller = dict(knowledge_filter=dict(weights='normalized'))
