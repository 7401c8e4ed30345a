# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The config of the README is one, and has the rule of the recipes."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    text = (ROOT / 'README.md').read_text()
    (block,) = [
        block
        for block in re.findall(r'```python\n(.*?)```', text, flags=re.DOTALL)
        if '_base_' in block
    ]
    file = tmp_path_factory.mktemp('readme') / 'config.py'
    file.write_text(block)
    return Config.fromfile(file)


def test_it_has_data_and_a_schedule(config):
    assert config.train_dataloader.dataset.type == 'ImageNet'
    assert config.train_cfg.max_epochs == 100


def test_it_teaches_as_the_recipes(config):
    recipes = Config.fromfile(ROOT / 'configs/_base_/classroom/logits.py')
    ours, theirs = config.model.distiller, recipes.model.distiller
    for part in ('knowledge_filter', 'task_weight'):
        assert ours[part] == theirs[part]
    assert ours.mentoring.mentoring == theirs.mentoring.mentoring


def test_it_can_be_built(config):
    model = config.model.copy()
    for mentor in model.mentors.values():
        mentor.pop('pretrained', None)
        mentor.ckpt = None
    init_default_scope(config.default_scope)
    classroom = MODELS.build(model)
    assert classroom.mentors.names == ('resnet50', 'resnet34')
