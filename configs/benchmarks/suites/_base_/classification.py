# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# What all comparisons of classifiers have in common.
benchmark = dict(
    task='classification',
    distiller=dict(type='ClassroomDistiller', task_weight='constant'),
    metrics={'accuracy/top1': dict(title='accuracy, %')},
)
