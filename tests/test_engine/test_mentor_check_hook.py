# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Mentors at chance are named before the first batch, and nobody else notices."""

import logging

import pytest
import torch

HOOKS = [dict(type='mmrazor.ClassroomHook')]
BROKEN = dict(
    channels=dict(to_rgb=False),
    normalization=dict(std=[1.0] * 3),
    classes=dict(order=(1, 2, 3, 0)),
    constant=dict(sharpness=0.0),
)


@pytest.fixture
def colours(tiny):
    import tiny_colours

    return tiny_colours


def loader(colours, **options):
    from mmengine.dataset import DefaultSampler, pseudo_collate
    from torch.utils.data import DataLoader

    data = colours.ColourData(**options)
    sampler = DefaultSampler(data, shuffle=True, seed=0)
    return DataLoader(data, 8, sampler=sampler, collate_fn=pseudo_collate)


def runner_of(tiny, colours, tmp_path, mentors, data=(), **options):
    architecture = tiny.net(backbone=dict(dropout=0.3))
    model = tiny.build_classroom(mentors, architecture=architecture)
    return tiny.run(
        tmp_path,
        model,
        epochs=options.pop('epochs', 1),
        train=False,
        loader=loader(colours, **dict(data)),
        **{'hooks': HOOKS, **options},
    )


def warnings_of(runner, caplog, text='no better than chance'):
    runner.logger.addHandler(caplog.handler)
    caplog.clear()
    runner.train()
    runner.logger.removeHandler(caplog.handler)
    return [
        record.message
        for record in caplog.records
        if text in record.message and record.levelno == logging.WARNING
    ]


@pytest.mark.parametrize('kind', BROKEN)
def test_a_mentor_at_chance_is_named(tiny, colours, tmp_path, caplog, kind):
    mentors = dict(bad=colours.Reader(**BROKEN[kind]), good=colours.Reader())
    (said,) = warnings_of(runner_of(tiny, colours, tmp_path, mentors), caplog)
    assert said.startswith("Mentor 'bad' is no better than chance on 16 training")
    assert 'mim run classroomkd_mm doctor' in said


def test_nan_is_at_chance(tiny, colours, tmp_path, caplog):
    bad = colours.Reader(sharpness=float('nan'))
    (said,) = warnings_of(runner_of(tiny, colours, tmp_path, dict(bad=bad)), caplog)
    assert '(16 of them NaN or infinite)' in said


@pytest.mark.parametrize('sharpness', [5.0, 500.0], ids=['cautious', 'overconfident'])
def test_weak_mentors_are_not_named(tiny, colours, tmp_path, caplog, sharpness):
    mentors = {
        f'knows_{percent}': colours.Reader(percent / 100, sharpness)
        for percent in (50, 70, 90)
    }
    assert warnings_of(runner_of(tiny, colours, tmp_path, mentors), caplog) == []


def test_classes_are_mapped_first(tiny, colours, tmp_path, caplog):
    reader = colours.Reader(order=(1, 2, 3, 0))
    reader.dataset_meta = dict(classes=tuple('bcda'))
    runner = runner_of(tiny, colours, tmp_path, dict(other_order=reader))
    assert warnings_of(runner, caplog) == []


def test_random_on_purpose_is_not_named_nor_run(tiny, colours, tmp_path, caplog):
    runner = runner_of(tiny, colours, tmp_path, dict(a=tiny.mentor(6)))
    seen = []
    runner.model.mentors['a'].network.register_forward_hook(
        lambda *call: seen.append(len(call[2]))
    )
    assert warnings_of(runner, caplog) == []
    assert seen == [8] * 8


def test_a_resumed_run_is_not_warned_again(tiny, colours, tmp_path, caplog):
    mentors = dict(bad=colours.Reader(to_rgb=False))
    assert warnings_of(runner_of(tiny, colours, tmp_path, mentors), caplog)
    runner = runner_of(tiny, colours, tmp_path, mentors, epochs=2, resume=True)
    assert warnings_of(runner, caplog) == []
    assert runner.iter == 16


def train(tiny, colours, folder, monkeypatch, checked, **options):
    from classroomkd_mm.engine import MentorCheckHook
    from classroomkd_mm.engine.hooks import classroom_hook

    mentors = dict(bad=colours.Reader(to_rgb=False), good=colours.Reader())
    runner = runner_of(
        tiny,
        colours,
        folder,
        mentors,
        dict(jitter=True),
        randomness=dict(seed=3),
        **options,
    )
    companions = list(classroom_hook.COMPANIONS)
    if not checked:
        companions.remove(MentorCheckHook)
    with monkeypatch.context() as patch:
        patch.setattr(classroom_hook, 'COMPANIONS', companions)
        runner.train()
    found = any(isinstance(hook, MentorCheckHook) for hook in runner.hooks)
    assert found == checked
    return {k: v.clone() for k, v in runner.model.state_dict().items()}


@pytest.mark.parametrize('by_epoch', [True, False])
def test_weights_are_the_same_with_and_without(
    tiny, colours, tmp_path, monkeypatch, by_epoch
):
    options = {}
    if not by_epoch:
        options['train_cfg'] = dict(by_epoch=False, max_iters=8)
    one, two = (
        train(tiny, colours, tmp_path / str(n), monkeypatch, checked, **options)
        for n, checked in enumerate((False, True))
    )
    assert one.keys() == two.keys()
    for key, value in one.items():
        assert torch.equal(value, two[key]), key


def test_mentors_forget_the_images(tiny, colours, tmp_path):
    """Or MentorDatasetHook would take them for those of the training."""
    from classroomkd_mm.engine import MentorCheckHook

    runner = runner_of(tiny, colours, tmp_path, dict(good=colours.Reader()), hooks=[])
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    before = runner.model.mentors['good'].image_shape
    MentorCheckHook().before_train(runner)
    assert runner.model.mentors['good'].image_shape == before


@pytest.mark.parametrize('fault', ['dataset', 'labels', 'mentor'])
def test_its_own_failure_does_not_stop_a_run(
    tiny, colours, tmp_path, monkeypatch, caplog, fault
):
    """Each of these is an error later, where it can be explained, or none."""
    from classroomkd_mm.engine import MentorCheckHook

    reader = colours.Reader(to_rgb=False)
    data = dict(labelled=fault != 'labels')
    runner = runner_of(tiny, colours, tmp_path, dict(bad=reader), data, hooks=[])
    runner._train_loop = runner.build_train_loop(runner._train_loop)
    if fault == 'dataset':
        monkeypatch.delattr(colours.ColourData, '__getitem__')
    if fault == 'mentor':
        monkeypatch.setattr(colours.Reader, 'forward', lambda *_: 1 / 0)
    runner.logger.setLevel(logging.DEBUG)
    runner.logger.addHandler(caplog.handler)
    caplog.handler.setLevel(logging.DEBUG)
    MentorCheckHook().before_train(runner)
    runner.logger.removeHandler(caplog.handler)
    said = [(record.levelno, record.message) for record in caplog.records]
    assert [level for level, text in said if 'could not be checked' in text] == [
        logging.DEBUG
    ]


def test_the_hook_in_a_config_takes_its_place(tiny, colours, tmp_path, caplog):
    hooks = [dict(type='mmrazor.MentorCheckHook', num_samples=32), *HOOKS]
    mentors = dict(bad=colours.Reader(to_rgb=False))
    runner = runner_of(tiny, colours, tmp_path, mentors, hooks=hooks)
    (said,) = warnings_of(runner, caplog)
    assert 'on 32 training samples' in said
    names = [type(hook).__name__ for hook in runner.hooks]
    assert names.count('MentorCheckHook') == 1
    assert names.index('MentorCheckHook') > names.index('MentorDatasetHook')


def test_needs_a_classroom(tiny, colours, tmp_path):
    student = tiny.build_classroom().student
    hooks = [dict(type='mmrazor.MentorCheckHook')]
    with pytest.raises(TypeError, match=r'MentorCheckHook.*ClassroomDistill'):
        tiny.run(tmp_path, student, hooks=hooks)
