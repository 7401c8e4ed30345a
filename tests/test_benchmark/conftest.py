# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A suite without a framework behind it, and a short one of the digits."""

import json

import pytest

SUITE = """
default_scope = 'mmpretrain'
model = dict(type='ImageClassifier', head=dict(type='LinearClsHead', num_classes=4))
train_dataloader = dict(
    batch_size=8, dataset=dict(type='Data'), sampler=dict(type='DefaultSampler')
)
val_dataloader = dict(batch_size=8, dataset=dict(type='Data'))
val_evaluator = dict(type='Accuracy')
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))
train_cfg = dict(by_epoch=True, max_epochs=3)
benchmark = dict(
    title='A tiny suite',
    task='classification',
    mentors=dict(
        strong=dict(model=dict(type='Net'), ckpt='{folder}/strong.pth'),
        weak=dict(model=dict(type='Net'), ckpt='{folder}/weak.pth'),
    ),
    distiller=dict(type='ClassroomDistiller', task_weight='constant'),
    views=dict(num_views=2),
    cache=True,
    seeds=(0, 1),
    metrics={{'accuracy/top1': dict(title='accuracy, %')}},
)
"""


@pytest.fixture
def suite_file(tmp_path):
    """The file of the suite; its mentors have files too."""
    for name in ('strong', 'weak'):
        (tmp_path / f'{name}.pth').touch()
    path = tmp_path / 'tiny.py'
    path.write_text(SUITE.format(folder=tmp_path))
    return path


@pytest.fixture
def changed(suite_file, tmp_path):
    """Write a suite that inherits from the tiny one."""

    def write(text, name='changed'):
        path = tmp_path / f'{name}.py'
        path.write_text(f'_base_ = {str(suite_file)!r}\n{text}')
        return path

    return write


@pytest.fixture
def plan_of(suite_file, tmp_path):
    """Plan some methods of the tiny suite, or of another one."""
    from classroomkd_mm.benchmark.method import find_methods
    from classroomkd_mm.benchmark.plan import Plan
    from classroomkd_mm.benchmark.suite import Suite

    def plan(*names, suite=suite_file, seeds=(0, 1), strict=True):
        read = Suite.read(str(suite))
        methods = find_methods(read.task, names)
        return Plan(read, methods, seeds, tmp_path / 'out', strict)

    return plan


@pytest.fixture
def finish():
    """Leave what a finished run leaves."""

    def leave(folder, value, by_class=None, **entries):
        folder.mkdir(parents=True, exist_ok=True)
        record = dict(
            finished=True,
            iteration=30,
            iterations=30,
            seconds=60.0,
            metrics={'accuracy/top1': value},
            by_class=by_class,
            seconds_per_iteration=0.02,
            peak_memory_mb=900.0,
            checkpoint_mb=0.5,
            trained_parameters=1234,
            device='CPU',
            torch='2',
        )
        (folder / 'record.json').write_text(json.dumps({**record, **entries}))

    return leave


@pytest.fixture(scope='module')
def short_suite(tmp_path_factory):
    """The suite of the digits with two epochs and views."""
    from classroomkd_mm.benchmark.suite import find_suite

    path = tmp_path_factory.mktemp('suite') / 'short.py'
    path.write_text(
        f'_base_ = {str(find_suite("digits"))!r}\n'
        'train_cfg = dict(max_epochs=2)\n'
        'default_hooks = dict(checkpoint=dict(interval=1))\n'
        'benchmark = dict(views=dict(num_views=2))\n'
    )
    return path


@pytest.fixture(scope='module')
def short_mixed_suite(short_suite):
    """The short suite of the digits in mixed precision."""
    path = short_suite.with_name('mixed.py')
    path.write_text(
        f'_base_ = {str(short_suite)!r}\n'
        "optim_wrapper = dict(type='AmpOptimWrapper', dtype='bfloat16')\n"
    )
    return path


POSE = """
_base_ = {base!r}
train_cfg = dict(max_epochs={epochs}, val_interval={epochs})
train_dataloader = dict(dataset=dict(num_images=40, data_root={root!r}))
val_dataloader = dict(dataset=dict(num_images=16, data_root={root!r}))
val_evaluator = [dict(type='PCKAccuracy', thr=0.05)]
"""


@pytest.fixture(scope='module')
def short_pose_suite(tmp_path_factory):
    """A few drawn people in views, and one mentor that is trained first."""
    from classroomkd_mm._launch import find_config
    from classroomkd_mm.benchmark.suite import find_suite

    folder = tmp_path_factory.mktemp('pose_suite')
    mentor, suite = folder / 'mentor.py', folder / 'short_pose.py'
    recipe = find_config('td-hm_res18-w8_1xb16-6e_stick-figures-64x48.py')
    common = dict(root=str(folder / 'people'))
    mentor.write_text(POSE.format(base=str(recipe), epochs=1, **common))
    benchmark = dict(
        mentors=dict(_delete_=True, small=dict(pretrain=str(mentor))),
        metrics={'_delete_': True, 'PCK': dict(title='PCK')},
        views=dict(num_views=2),
        cache=True,
    )
    base = str(find_suite('stick_figures'))
    text = POSE.format(base=base, epochs=2, **common)
    suite.write_text(f'{text}benchmark = {benchmark!r}\n')
    return suite
