# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Every pose recipe reads, names published weights, builds and learns a step."""

from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip('mmpose')

import tiny_pose as tp  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.hub import get_config  # noqa: E402
from mmengine.registry import init_default_scope  # noqa: E402
from mmengine.runner import Runner  # noqa: E402
from mmpose.registry import TRANSFORMS  # noqa: E402

from classroomkd_mm.engine.hooks.channels_last_hook import (  # noqa: E402
    wants_channels_last,
)

CONFIGS = Path(__file__).parents[2] / 'configs'
RECIPES = sorted(
    path
    for folder in ('classroomkd/coco', 'classroomkd/mpii', 'fpd/coco')
    for path in (CONFIGS / folder).glob('*.py')
)


def load(recipe):
    """The recipe without what needs the network."""
    cfg = Config.fromfile(recipe)
    cfg.model.architecture.backbone = dict(
        cfg.model.architecture.get('backbone', {}), init_cfg=None
    )
    for mentor in cfg.model.mentors.values():
        del mentor['pretrained']
        mentor['ckpt'] = None
    return cfg


def test_there_are_recipes():
    assert len(RECIPES) >= 10


@pytest.mark.parametrize('recipe', RECIPES, ids=lambda path: path.stem)
def test_recipe_reads(recipe):
    cfg = Config.fromfile(recipe)
    assert cfg.model.type == 'ClassroomDistill'
    assert cfg.custom_hooks[-1].type == 'mmrazor.ClassroomHook'
    assert wants_channels_last(cfg)
    for mentor in cfg.model.mentors.values():
        assert mentor.pretrained
        url = get_config(mentor.cfg_path, pretrained=True).model_path
        assert url.startswith('https://download.openmmlab.com/mmpose/')
    init_default_scope('mmpose')
    for step in cfg.train_dataloader.dataset.pipeline:
        if step.type != 'Albumentation' or find_spec('albumentations'):
            TRANSFORMS.build(step)
    assert cfg.val_evaluator.type in ('CocoMetric', 'MpiiPCKAccuracy')


@pytest.mark.slow
@pytest.mark.parametrize('recipe', RECIPES, ids=lambda path: path.stem)
def test_recipe_learns(recipe):
    cfg = load(recipe)
    model = tp.build(cfg.model.to_dict())
    assert model.student.test_cfg['flip_test']
    codec, head = cfg.codec.to_dict(), model.student.head
    inputs, data_samples = tp.samples(codec, 2, head.out_channels)
    losses = model(inputs, data_samples, mode='loss')
    total, _ = model.parse_losses(losses)
    total.backward()
    assert total.isfinite()
    assert any(name.startswith('distill.') for name in losses)
    gradient = head.final_layer.weight.grad
    assert gradient is not None and gradient.isfinite().all() and gradient.any()
    optim_wrapper = Runner.build_optim_wrapper(
        type('Run', (), dict(model=model)), cfg.optim_wrapper
    )
    given = {id(p) for group in optim_wrapper.param_groups for p in group['params']}
    assert given >= {id(p) for p in model.student.parameters()}
    for mentor in model.mentors:
        assert given.isdisjoint(id(p) for p in mentor.parameters())
