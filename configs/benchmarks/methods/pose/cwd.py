# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Each map is a channel; tau is one over the sharpness of the other methods.
title = 'CWD, best mentor'
source = 'arXiv 2011.13256'
kind = 'baseline'
mentors = 'best'
distiller = dict(
    knowledge_filter=dict(filtering=False),
    distill_losses=dict(
        _delete_=True,
        loss_cwd=dict(type='ChannelWiseDivergence', tau=0.1),
    ),
    loss_forward_mappings=dict(
        loss_cwd=dict(
            preds_S=dict(recorder='heatmaps', from_student=True),
            preds_T=dict(recorder='heatmaps', from_student=False, mentor='{best}'),
        )
    ),
)
