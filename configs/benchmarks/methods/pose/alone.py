# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
title = 'student alone'
kind = 'alone'
mentors = ''
