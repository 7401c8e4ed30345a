# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Other settings of a classroom of classifiers. A config takes one in a line:
#   model = dict(distiller=_base_.settings.paper)
settings = dict(
    # What the mentors say is compared by correlation, within samples and within
    # classes: ahead for ResNet8 in a short training, not for other students. It has a
    # temperature of its own, whose square weighs it.
    dist=dict(
        distill_losses=dict(
            loss_classroom=dict(
                _delete_=True,
                type='LessonLoss',
                per='batch',
                loss=dict(type='DISTLoss', tau=4.0),
            )
        )
    ),
    # What they say of all classes but the label counts by itself, however sure they
    # are.
    dkd=dict(
        distill_losses=dict(
            loss_classroom=dict(
                _delete_=True,
                type='LessonLoss',
                loss=dict(type='DKDLoss', alpha=1, beta=2),
            )
        )
    ),
    # What the paper says: each sample is filtered by itself.
    paper=dict(
        knowledge_filter=dict(_delete_=True, type='KnowledgeFilter', level='sample'),
        mentoring=dict(mentoring='gap'),
        task_weight='student_score',
    ),
    # What the program that the authors released computes.
    release=dict(
        knowledge_filter=dict(
            _delete_=True, type='KnowledgeFilter', level='batch', rank_decimals=2
        ),
        mentoring=dict(mentoring='gap'),
        task_weight='student_score',
    ),
)
