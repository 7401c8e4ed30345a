# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
_base_ = './_base_/classroom.py'
title = 'classroom, sample, W = 1'
source = 'docs/method.md'
