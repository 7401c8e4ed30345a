# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Another setting of a classroom of pose models. A config takes it in a line:
#   model = dict(distiller=_base_.settings.paper)
settings = dict(
    # Filter and pace of the paper, whose authors released no program for pose.
    paper=dict(
        knowledge_filter=dict(_delete_=True, type='KnowledgeFilter', level='sample'),
        mentoring=dict(mentoring='gap'),
    ),
)
