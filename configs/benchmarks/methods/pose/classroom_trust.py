# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The average of the mentors, weighted by the belief in each of them.
_base_ = './classroom.py'
title = 'classroom with trust: OKS'
source = 'docs/method.md, "Options beyond the paper"'
distiller = dict(
    knowledge_filter=dict(
        _delete_=True, type='TrustFilter', full_trust=0.75, no_trust=0.5
    ),
    mentoring=dict(mentoring='off'),
)
