# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# As the classroom, without filter and pace.
title = 'KL between heatmaps, average of the mentors, weight n'
source = 'docs/pose.md'
kind = 'baseline'
distiller = dict(
    knowledge_filter=dict(filtering=False), mentoring=dict(mentoring='off')
)
