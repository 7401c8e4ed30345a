# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# What classrooms of pose models have in common, and another setting of them, which a
# config takes in a line:
#   model = dict(distiller=_base_.settings.paper)
#
# A mentor whose joints are shifted by one has half of the OKS of a sane one
# (docs/pose.md, "Whom trust believes").
trust = dict(type='TrustFilter', full_trust=0.75, no_trust=0.5)
settings = dict(
    # Filter and pace of the paper, whose authors released no program for pose.
    paper=dict(
        knowledge_filter=dict(_delete_=True, type='KnowledgeFilter', level='sample'),
        mentoring=dict(mentoring='gap'),
    ),
)
