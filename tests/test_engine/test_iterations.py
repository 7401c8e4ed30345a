# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The report of iteration-based runs, and of classrooms that change on resuming."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.dataset import InfiniteSampler, pseudo_collate
from torch.utils.data import DataLoader

HOOK = dict(type='mmrazor.ClassroomHook', interval=2)


def loader_of(tiny):
    """Batches without an end."""
    data = tiny.TinyData()
    sampler = InfiniteSampler(data, shuffle=True, seed=0)
    return DataLoader(data, 5, sampler=sampler, collate_fn=pseudo_collate)


def run(tiny, work_dir, iters, model=None, save=None, validate=None, **options):
    """Train by iteration: checkpoint and validation every so many, or never."""
    model = model or tiny.build_classroom()
    if validate:
        options.update(
            val_dataloader=tiny.tiny_loader(),
            val_cfg=dict(),
            val_evaluator=dict(type='mmpretrain.Accuracy'),
        )
    train_cfg = dict(by_epoch=False, max_iters=iters, val_interval=validate or 1000)
    options = {'hooks': [dict(HOOK)], 'train_cfg': train_cfg} | options
    return tiny.run(
        work_dir,
        model,
        loader=loader_of(tiny),
        default_hooks=dict(
            checkpoint=dict(type='CheckpointHook', interval=save or -1, by_epoch=False)
        ),
        log_processor=dict(by_epoch=False),
        **options,
    )


def report_of(work_dir):
    lines = Path(work_dir, 'classroom.jsonl').read_text().splitlines()
    return [json.loads(line) for line in lines]


def iterations_of(work_dir):
    return [line['iter'] for line in report_of(work_dir)]


def json_log_of(runner):
    path = Path(runner.log_dir, 'vis_data', 'scalars.json')
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    ('save', 'validate', 'expected'),
    [
        (None, None, [7]),
        (None, 3, [3, 6, 7]),
        (2, None, [2, 4, 6, 7]),
        (2, 3, [2, 3, 4, 6, 7]),
    ],
)
def test_lines_before_validations_and_checkpoints(
    tiny, tmp_path, save, validate, expected
):
    run(tiny, tmp_path, 7, save=save, validate=validate)
    assert iterations_of(tmp_path) == expected


def test_the_report_grows_while_the_run_goes_on(tiny, tmp_path):
    from mmengine.hooks import Hook

    class Look(Hook):
        seen = []

        def after_val_epoch(self, runner, metrics=None):
            self.seen.append(iterations_of(tmp_path))

    run(tiny, tmp_path, 6, validate=2, hooks=[dict(HOOK), Look()])
    assert Look.seen == [[2], [2, 4], [2, 4, 6]]


def test_lines_add_up_and_the_log_is_as_without_them(tiny, tmp_path):
    """Neither a validation nor a checkpoint within an interval loses a number."""
    plain = run(tiny, tmp_path / 'plain', 8)
    often = run(tiny, tmp_path / 'often', 8, save=3, validate=5)
    (whole,) = report_of(tmp_path / 'plain')
    parts = report_of(tmp_path / 'often')
    places = [line['iter'] for line in parts]
    assert places == [3, 5, 6, 8]
    sizes = [b - a for a, b in zip([0, *places], places, strict=False)]
    for name, values in whole['mentors'].items():
        for key in ('taught', 'rank', 'loss', 'score'):
            mean = sum(
                size * line['mentors'][name][key]
                for size, line in zip(sizes, parts, strict=True)
            )
            assert mean / 8 == pytest.approx(values[key], rel=1e-5)
    keys = ('step', 'a/taught', 'a/rank', 'b/kd', 'student/score')
    logs = [
        [[line[key] for key in keys] for line in json_log_of(runner) if 'loss' in line]
        for runner in (plain, often)
    ]
    assert len(logs[0]) == 4
    assert logs[1] == [pytest.approx(line) for line in logs[0]]


def test_an_interval_of_validation_that_changes(tiny, tmp_path):
    cfg = dict(by_epoch=False, max_iters=8, val_interval=4, dynamic_intervals=[(5, 1)])
    run(tiny, tmp_path, 8, validate=4, train_cfg=cfg)
    assert iterations_of(tmp_path) == [4, 5, 6, 7, 8]


def test_an_accumulated_step_is_cut_by_no_line(tiny, tmp_path):
    wrapper = dict(
        type='OptimWrapper',
        accumulative_counts=3,
        optimizer=dict(type='SGD', lr=0.05),
    )
    ends = []
    for name, options in (('plain', {}), ('often', dict(save=2, validate=1))):
        model = tiny.build_classroom()
        runner = run(tiny, tmp_path / name, 7, model, train=False, **options)
        runner.optim_wrapper = dict(wrapper)
        runner.train()
        ends.append(model.student.state_dict())
    assert iterations_of(tmp_path / 'often') == list(range(1, 8))
    for key, value in ends[0].items():
        assert torch.equal(value, ends[1][key]), key


# Resuming -----------------------------------------------------------------------


def test_resuming_keeps_every_line_behind_the_checkpoint(tiny, tmp_path):
    run(tiny, tmp_path / 'whole', 12, save=4, validate=3)
    run(tiny, tmp_path / 'parts', 8, save=4, validate=3)
    run(tiny, tmp_path / 'parts', 12, save=4, validate=3, resume=True)
    whole, parts = (report_of(tmp_path / name) for name in ('whole', 'parts'))
    assert [line['iter'] for line in whole] == [3, 4, 6, 8, 9, 12]
    assert parts == whole


def test_lines_of_iterations_that_are_run_again_are_dropped(tiny, tmp_path):
    run(tiny, tmp_path, 8, save=4, validate=3)
    first = report_of(tmp_path)
    path = tmp_path / 'classroom.jsonl'
    path.write_text(path.read_text() + '{"epoch": 1, "iter')  # a kill
    start = str(tmp_path / 'iter_4.pth')
    run(tiny, tmp_path, 5, save=4, validate=3, load_from=start, resume=True)
    assert iterations_of(tmp_path) == [3, 4, 5]
    assert report_of(tmp_path)[:2] == first[:2]


def test_a_new_run_begins_a_new_report(tiny, tmp_path):
    for iters in (4, 2):
        run(tiny, tmp_path, iters, save=2)
    assert iterations_of(tmp_path) == [2]


def test_from_epochs_to_iterations(tiny, tmp_path):
    tiny.run(tmp_path, epochs=2, hooks=[dict(HOOK)])
    start = str(tmp_path / 'epoch_2.pth')
    run(tiny, tmp_path, 12, save=2, load_from=start, resume=True)
    assert iterations_of(tmp_path) == [4, 8, 10, 12]


def test_a_mentor_joins_and_a_mentor_leaves(tiny, tmp_path):
    from classroomkd_mm.visualization import plot_teaching, read_report

    classrooms = ['ab', 'abc', 'bc']
    widths = dict(a=6, b=8, c=7)
    for number, names in enumerate(classrooms, 1):
        cfg = {name: tiny.mentor(widths[name]) for name in names}
        torch.manual_seed(0)
        model = tiny.build_classroom(cfg)
        reference = tiny.build_classroom({n: tiny.mentor(w) for n, w in widths.items()})
        for name in names:  # the same mentors under the same names
            weights = reference.mentors[name].network.state_dict()
            model.mentors[name].network.load_state_dict(weights)
        hooks = [
            dict(HOOK),
            dict(type='mmrazor.MentorManifestHook', allow_other_mentors=True),
        ]
        runner = run(
            tiny,
            tmp_path,
            4 * number,
            model,
            save=2,
            hooks=hooks,
            resume=number > 1,
        )
    report = read_report(tmp_path)
    assert [''.join(line['mentors']) for line in report] == [
        'ab', 'ab', 'abc', 'abc', 'bc', 'bc'
    ]  # fmt: skip
    last = json_log_of(runner)[-1]
    assert 'b/taught' in last
    assert not [key for key in last if key.startswith('a/')]
    plot_teaching([report], tmp_path / 'out.png')
    assert (tmp_path / 'out.png').stat().st_size


# Epochs -------------------------------------------------------------------------


def test_an_epoch_has_one_line_whatever_else_is_saved(tiny, tmp_path):
    saves = dict(type='CheckpointHook', interval=1, by_epoch=False)
    tiny.run(tmp_path, hooks=[dict(HOOK)], default_hooks=dict(checkpoint=saves))
    assert iterations_of(tmp_path) == [4, 8]


def test_the_log_of_a_short_epoch_has_the_numbers_of_the_classroom(tiny, tmp_path):
    """LoggerHook logs at the end of an epoch that is shorter than its interval."""
    runner = tiny.run(
        tmp_path,
        hooks=[dict(HOOK, interval=10)],
        default_hooks=dict(logger=dict(type='LoggerHook', interval=10)),
    )
    lines, report = json_log_of(runner), report_of(tmp_path)
    assert [line['step'] for line in lines] == [4, 8]
    for line, epoch in zip(lines, report, strict=True):
        assert line['a/taught'] == pytest.approx(epoch['mentors']['a']['taught'])


def test_the_log_is_silent_about_mentors_once_distillation_is_stopped(tiny, tmp_path):
    stop = dict(type='mmrazor.StopDistillHook', stop_epoch=1)
    runner = tiny.run(tmp_path, hooks=[dict(HOOK), stop])
    taught = ['a/taught' in line for line in json_log_of(runner)]
    assert taught == [True, True, False, False]


def test_a_stop_that_never_comes_is_refused(tiny, tmp_path):
    stop = dict(type='mmrazor.StopDistillHook', stop_epoch=1)
    with pytest.raises(ValueError, match=r'stop_epoch=1.*by_epoch=True'):
        run(tiny, tmp_path, 4, hooks=[dict(HOOK), stop])
