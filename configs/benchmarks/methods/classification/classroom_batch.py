# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/classroom.py'
title = 'classroom, batch, W = 1'
source = 'docs/method.md, "Levels"'
distiller = dict(knowledge_filter=dict(level='batch'))
