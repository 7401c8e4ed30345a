# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
title = 'classroom: OKS, sample'
source = 'docs/pose.md'
kind = 'ours'
distiller = dict()
