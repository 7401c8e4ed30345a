# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Pooled features, and a memory of those of all training images. Of the other classes
# 4,096 images are drawn for each, with repetition where there are fewer.
_base_ = './_base_/features.py'
title = 'CRD, best mentor'
source = 'arXiv 1910.10699'
default_hooks = dict(contrast=dict(type='mmrazor.ContrastHook'))
distiller = dict(
    student_recorders=dict(samples=dict(type='ModuleInputs', source='')),
    connectors={
        name: [
            dict(
                type='TorchFunctionalConnector',
                function_name='adaptive_avg_pool2d',
                func_args=dict(output_size=1),
            ),
            dict(type='CRDConnector', dim_in=f'{{features.{name}.channels}}'),
        ]
        for name in ['student', 'mentor']
    },
    distill_losses=dict(
        loss_features=dict(type='CRDLoss', neg_num=4096, sample_n='{num_samples}')
    ),
    loss_forward_mappings=dict(
        loss_features=dict(
            _delete_=True,
            s_feats=dict(
                _base_.distiller.loss_forward_mappings.loss_features.s_feature,
                connector='student',
            ),
            t_feats=dict(
                _base_.distiller.loss_forward_mappings.loss_features.t_feature,
                connector='mentor',
            ),
            data_samples=dict(recorder='samples', from_student=True, data_idx=1),
        )
    ),
)
