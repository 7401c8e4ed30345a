# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The filter of the classroom; the temperatures of DTKD.
_base_ = './_base_/classroom.py'
title = 'classroom, temperatures of DTKD'
source = 'arXiv 2404.12711'
distiller = dict(mentoring=dict(mentoring='dtkd'))
