# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The suites of the package can be planned, and their students answer."""

from functools import cache
from pathlib import Path

import pytest
import torch
from mmengine.registry import MODELS, init_default_scope
from mmengine.utils import import_modules_from_strings

from classroomkd_mm._launch import recipe_folder
from classroomkd_mm.benchmark.method import find_methods
from classroomkd_mm.benchmark.plan import Plan
from classroomkd_mm.benchmark.suite import Suite

FOLDER = recipe_folder() / 'benchmarks' / 'suites'
SUITES = sorted(path.stem for path in FOLDER.glob('*.py'))
FEATURES = set('ab at cwd fbkd fitnets ft mgd ofd pkd rkd'.split())
# An assistant, the number of samples, or features of every mentor.
MORE = set('camkd_features camkd_features_n crd dgkd dgkd_dropping takd'.split())
# They are generated, or downloaded.
MADE = ('Digits', 'StickFiguresDataset', 'CIFAR100')
methods_of = cache(find_methods)


@pytest.mark.parametrize('name', SUITES)
def test_only_methods_that_need_more_than_logits_are_left_out(name, tmp_path):
    suite = Suite.read(name)
    methods = methods_of(suite.task)
    plan = Plan(suite, methods, [0], tmp_path, strict=False)
    left_out = set(plan.left_out)
    assert left_out <= (MORE if suite.features else MORE | FEATURES)
    planned = {job.method.name for job in plan.jobs}
    assert planned == {method.name for method in methods} - left_out
    assert all(name in reason for reason in plan.left_out.values())


@pytest.mark.parametrize('name', SUITES)
def test_losses_of_features_see_what_the_classifier_of_the_mentor_pools(name):
    facts = Suite.read(name).facts()
    if 'mentors' not in facts['features']:
        pytest.skip('no method uses the features of every mentor')
    pooled = dict(facts['features']['mentors'][facts['best']], index=0)
    assert pooled.items() <= facts['features']['mentor'].items()


@pytest.mark.parametrize('name', SUITES)
def test_it_needs_the_files_that_it_reads(name):
    suite = Suite.read(name)
    for loader in (suite.config.train_dataloader, suite.config.val_dataloader):
        dataset = loader.dataset
        while 'dataset' in dataset:
            dataset = dataset.dataset
        if dataset.type in MADE:
            continue
        images = dataset.get('data_prefix', dataset.get('split'))
        images = images if isinstance(images, str) else images['img']
        below = [images, dataset.get('ann_file')]
        files = {Path(dataset.data_root, name) for name in below if name}
        other = [dataset.get('bbox_file'), dataset.get('headbox_file')]
        files |= {Path(path) for path in other if path}
        assert files and files <= set(map(Path, suite.needs))


@pytest.mark.parametrize('name', SUITES)
def test_its_student_answers_as_its_head_says(name):
    config = Suite.read(name).config
    import_modules_from_strings(**config.custom_imports)
    init_default_scope(config.default_scope)
    config.model.backbone.init_cfg = None
    student = MODELS.build(config.model).eval()
    with torch.no_grad():
        said = student(torch.zeros(2, 3, 64, 64), None, mode='tensor')
    head = config.model.head
    assert said.shape[1] == head.get('num_classes', head.get('out_channels'))
