# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A classroom trains with what people train with, by changes to its config alone."""

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from test_recipes import CONFIGS, load

LABEL_SMOOTHING = {
    'model.architecture.head.loss': dict(type='LabelSmoothLoss', label_smooth_val=0.1)
}
MIXED_IMAGES = {
    'model.architecture.train_cfg.augments': [
        dict(type='Mixup', alpha=0.8),
        dict(type='CutMix', alpha=1.0),
    ]
}
ERASING = {
    'train_dataloader.dataset.pipeline': [
        dict(type='RandomErasing', erase_prob=1.0),
        dict(type='PackInputs'),
    ]
}
ACCUMULATION = {'optim_wrapper.accumulative_counts': 2}
AVERAGED_WEIGHTS = {
    'custom_hooks': [
        dict(type='mmrazor.ClassroomHook'),
        dict(type='mmengine.EMAHook', momentum=0.1),
    ]
}
OTHER_OPTIMIZER = {
    'optim_wrapper': dict(
        optimizer=dict(_delete_=True, type='RMSprop', lr=0.01),
        clip_grad=dict(max_norm=1.0),
    ),
    'param_scheduler': dict(
        _delete_=True, type='OneCycleLR', eta_max=0.1, total_steps=2, by_epoch=False
    ),
}


class StepWatch(Hook):
    """Note after each batch whether the weights have moved since the last."""

    priority = 'LOWEST'

    def __init__(self):
        self.moved, self.losses = [], []

    def before_train(self, runner):
        self.weights = self.weights_of(runner)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        weights = self.weights_of(runner)
        self.moved.append(not torch.equal(weights, self.weights))
        self.weights = weights
        self.losses.append(outputs)

    @staticmethod
    def weights_of(runner):
        return torch.cat([p.detach().flatten() for p in runner.model.parameters()])


@pytest.mark.parametrize(
    ('options', 'moved'),
    [
        pytest.param(LABEL_SMOOTHING, [True, True], id='label-smoothing'),
        pytest.param(MIXED_IMAGES, [True, True], id='mixup-and-cutmix'),
        pytest.param(ERASING, [True, True], id='random-erasing'),
        pytest.param(ACCUMULATION, [False, True], id='gradient-accumulation'),
        pytest.param(AVERAGED_WEIGHTS, [True, True], id='averaged-weights'),
        pytest.param(OTHER_OPTIMIZER, [True, True], id='other-optimizer'),
    ],
)
def test_ways_to_train(options, moved, tmp_path, request):
    (path,) = (CONFIGS / 'classroomkd/digits').glob('classroomkd_*.py')
    cfg = load(path, tmp_path)
    cfg.merge_from_dict(options)
    cfg.experiment_name = request.node.callspec.id
    runner = Runner.from_cfg(cfg)
    watch = StepWatch()
    runner.register_hook(watch)
    runner.train()
    assert watch.moved == moved
    for losses in watch.losses:
        assert {'loss', 'distill.loss_classroom'} <= set(losses)
        assert all(torch.isfinite(value).all() for value in losses.values())
