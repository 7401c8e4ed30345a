# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Every optimizer constructor makes the same groups as for the student alone."""

import pytest
from registries import registered

ADAMW = dict(type='AdamW', lr=0.001, weight_decay=0.05)
RULES = dict(
    bias_lr_mult=2.0,
    norm_decay_mult=0.0,
    flat_decay_mult=0.5,
    bypass_duplicate=True,
    custom_keys={
        'backbone.layers.1': dict(lr_mult=0.1),
        'scale': dict(lr_mult=3.0),
        'head': dict(decay_mult=0.2),
    },
)
# The options with which each is tried.
CONSTRUCTORS = {
    'mmengine.DefaultOptimWrapperConstructor': RULES,
    'mmpose.ForceDefaultOptimWrapperConstructor': dict(
        RULES, force_default_settings=True
    ),
    'mmpose.LayerDecayOptimWrapperConstructor': dict(
        num_layers=4, layer_decay_rate=0.5
    ),
    'mmpretrain.LearningRateDecayOptimWrapperConstructor': dict(
        layer_decay_rate=0.5,
        norm_decay_mult=0.0,
        flat_decay_mult=0.0,
        custom_keys={'.cls_token': dict(decay_mult=0.0)},
    ),
}
REFUSED = {
    'mmrazor.SeparateOptimWrapperConstructor': 'gives each child an optimizer of its '
    'own, which the train_step of no student and no classroom takes',
}


def vit(tiny):
    """A student with layers, and with a parameter of its own."""
    from mmpretrain.models import ImageClassifier
    from mmpretrain.registry import MODELS

    @MODELS.register_module(force=True)
    class ScaledClassifier(ImageClassifier):
        def __init__(self, **options):
            super().__init__(**options)
            self.scale = tiny.nn.Parameter(tiny.torch.ones(1))

    return dict(
        type='mmpretrain.ScaledClassifier',
        data_preprocessor=tiny.net()['data_preprocessor'],
        backbone=dict(
            type='VisionTransformer',
            img_size=32,
            patch_size=16,
            frozen_stages=1,
            arch=dict(embed_dims=8, num_layers=4, num_heads=2, feedforward_channels=16),
        ),
        head=dict(type='VisionTransformerClsHead', num_classes=4, in_channels=8),
    )


def test_every_constructor_is_in_the_table():
    tried = {*CONSTRUCTORS, *REFUSED}
    assert set(registered('OPTIM_WRAPPER_CONSTRUCTORS')) == tried


@pytest.mark.parametrize('name', CONSTRUCTORS)
def test_same_groups_as_alone(tiny, name):
    cls = registered('OPTIM_WRAPPER_CONSTRUCTORS')[name]
    classroom = tiny.build_classroom(architecture=vit(tiny))
    alone = classroom.student
    groups = []
    for model in (alone, classroom):
        constructor = cls(
            dict(type='OptimWrapper', optimizer=ADAMW), dict(CONSTRUCTORS[name])
        )
        names = {id(p): n for n, p in model.named_parameters()}
        groups.append(
            [
                {**group, 'params': [names[id(p)] for p in group['params']]}
                for group in constructor(model).optimizer.param_groups
            ]
        )
    assert groups[0] == groups[1]
    assert len({group['lr'] for group in groups[0]} | {0}) > 2


def test_connectors_are_trained_too(tiny):
    cls = registered('OPTIM_WRAPPER_CONSTRUCTORS')[
        'mmpretrain.LearningRateDecayOptimWrapperConstructor'
    ]
    model = tiny.build_classroom(
        architecture=vit(tiny),
        distiller=dict(
            connectors=dict(
                c=dict(type='ConvModuleConnector', in_channel=4, out_channel=6)
            )
        ),
    )
    wrapper = cls(
        dict(type='OptimWrapper', optimizer=ADAMW), dict(layer_decay_rate=0.5)
    )(model)
    of_connectors = [
        g for g in wrapper.optimizer.param_groups if 'connector' in g['param_name']
    ]
    assert of_connectors
    assert all(group['lr'] == 0.001 for group in of_connectors)


def test_an_optimizer_for_each_child_is_refused_as_alone(tiny):
    cls = registered('OPTIM_WRAPPER_CONSTRUCTORS')[
        'mmrazor.SeparateOptimWrapperConstructor'
    ]
    classroom = tiny.build_classroom()
    for model, child in ((classroom.student, 'backbone'), (classroom, 'architecture')):
        wrapper = cls({child: dict(type='OptimWrapper', optimizer=ADAMW)})(model)
        with pytest.raises(NotImplementedError, match='each optimizer separately'):
            model.train_step(tiny.batch(), wrapper)
