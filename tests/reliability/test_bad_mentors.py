# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Mentors that give nonsense: training goes on, and they do not teach where broken."""

import importlib
import logging
import math
import statistics
from pathlib import Path

import pytest
import torch

from classroomkd_mm.classroom.statistics import ROWS

HOOKS = [dict(type='mmrazor.ClassroomHook', interval=1)]
SIZE, BATCH = 20, 5  # four batches an epoch, two epochs


def filled(value):
    return lambda logits: torch.full_like(logits, value)


def one_sure_class(logits):
    sure = torch.zeros_like(logits)
    sure[:, 0] = 100
    return sure


BROKEN = {
    'nan': filled(math.nan),
    'inf': filled(math.inf),
    'one nan': lambda x: x.index_fill(1, torch.tensor([1]), math.nan),
}
WRONG = {
    'constant': filled(0.0),
    'one class': one_sure_class,
    'huge': lambda logits: 1e4 * logits,
    'noise': lambda logits: 10 * torch.randn_like(logits),
    'shuffled': lambda logits: logits.roll(1, dims=1),
}
SOME = [1, 3]  # of each batch


def spoil(mentor, values, some, start):
    """Let a mentor give such values, on some samples or on all, from a step on."""
    fine, step = mentor.network.forward, 0

    def forward(*arguments, **options):
        nonlocal step
        step += 1
        logits = fine(*arguments, **options)
        if step > start:
            rows = torch.tensor(SOME) if some else torch.arange(len(logits))
            logits = logits.index_copy(0, rows, values(logits)[rows])
        return logits

    mentor.network.forward = forward


@pytest.fixture(autouse=True)
def no_environment(tiny, monkeypatch):
    """Runs do not ask all compilers for their versions."""
    monkeypatch.setattr('mmengine.runner.Runner._log_env', lambda *_: None)


@pytest.fixture
def warnings():
    """Warnings of the loggers of runs, in the place where MMEngine writes them."""
    found = []

    class Collect(logging.Handler):
        def emit(self, record):
            if record.levelno == logging.WARNING:
                found.append(record.getMessage())

    return found, Collect()


def run(tiny, folder, values, some, start, warnings=None, level='sample', **distiller):
    """Train with mentor b spoilt; return the weights, the report and the warnings."""
    from mmengine.hooks import Hook

    from classroomkd_mm.visualization import read_report

    class Listen(Hook):
        priority = 'VERY_HIGH'

        def before_run(self, runner):
            if warnings:
                runner.logger.addHandler(warnings[1])

    model = tiny.build_classroom(
        distiller=dict(knowledge_filter=dict(level=level), **distiller)
    )
    spoil(model.mentors['b'], values, some, start)
    torch.manual_seed(0)  # of the noise
    runner = tiny.run(folder, model, hooks=[*HOOKS, Listen()])
    assert runner.iter == 2 * SIZE // BATCH
    weights = runner.model.state_dict()
    assert all(value.isfinite().all() for value in weights.values())
    return weights, read_report(folder), warnings and warnings[0]


def equal(one, two):
    return all(torch.equal(one[key], two[key]) for key in one)


@pytest.mark.parametrize('start', [0, 3], ids=['always', 'from step 3 on'])
@pytest.mark.parametrize('some', [True, False], ids=['some', 'all'])
@pytest.mark.parametrize('level', ['sample', 'batch'])
def test_broken_outputs(tiny, tmp_path, warnings, level, some, start):
    """All are alike: counted, named once, and without any effect."""
    spoilt = (len(SOME) if some else BATCH) * (2 * SIZE // BATCH - start)
    all_weights = []
    for name, values in BROKEN.items():
        warnings[0].clear()
        folder = tmp_path / name
        weights, report, said = run(
            tiny, folder, values, some, start, warnings, level=level
        )
        assert sum(line['mentors']['b']['invalid'] for line in report) == spoilt
        assert sum(line['mentors']['a']['invalid'] for line in report) == 0
        named = [text for text in said if 'NaN or infinite' in text]
        assert len(named) == 1 and "mentor 'b'" in named[0]
        if not some:
            last = report[-1]['mentors']['b']
            assert last['taught'] == 0 and last['loss'] == 0
        all_weights.append(weights)
    assert all(equal(all_weights[0], weights) for weights in all_weights)


@pytest.mark.parametrize('start', [0, 3], ids=['always', 'from step 3 on'])
@pytest.mark.parametrize('some', [True, False], ids=['some', 'all'])
@pytest.mark.parametrize('kind', WRONG)
def test_wrong_outputs(tiny, tmp_path, warnings, kind, some, start):
    """They are finite, so nothing is wrong with them but the score."""
    _, report, said = run(tiny, tmp_path, WRONG[kind], some, start, warnings)
    for line in report:
        assert line['mentors']['b']['invalid'] == 0
        assert math.isfinite(line['mentors']['b']['loss'])
    assert not [text for text in said if 'NaN' in text]


@pytest.mark.parametrize('kind', ['constant', 'one class', 'shuffled'])
def test_a_wrong_mentor_teaches_only_where_it_is_ahead(tiny, kind):
    model = tiny.build_classroom()
    spoil(model.mentors['b'], WRONG[kind], some=False, start=0)
    inputs, samples = tiny.prepared(model, tiny.batch(size=40))
    with model.distiller.student_recorders:
        model.student(inputs, samples, mode='loss')
    outputs = model.mentors(inputs, samples)
    lesson = model.distiller.plan(model.distiller.student_output(), outputs, samples)
    scores = lesson.ranking.log_scores
    assert torch.equal(lesson.ranking.active[1], scores[2] >= scores[0])
    assert lesson.ranking.active[1].any() or kind == 'one class'
    assert not lesson.ranking.active[1].all()


MAPPED = dict(
    distill_losses=dict(
        loss_classroom=dict(type='ClassroomKDLoss'),
        loss_kl=dict(type='KLDivergence'),
    ),
    loss_forward_mappings=dict(
        loss_kl=dict(
            preds_S=dict(recorder='logits', from_student=True),
            preds_T=dict(recorder='logits', from_student=False, mentor='b'),
        )
    ),
)


def test_a_loss_of_mmrazor_gets_no_broken_outputs(tiny, tmp_path):
    """Its mentor agrees with the student there."""
    nan, *_ = run(tiny, tmp_path / 'a', BROKEN['nan'], True, 0, **MAPPED)
    inf, *_ = run(tiny, tmp_path / 'b', BROKEN['inf'], True, 0, **MAPPED)
    assert equal(nan, inf)
    silent, *_ = run(tiny, tmp_path / 'c', BROKEN['nan'], False, 0, **MAPPED)
    plain, *_ = run(tiny, tmp_path / 'd', BROKEN['nan'], False, 0)
    for key, value in silent.items():
        torch.testing.assert_close(value, plain[key], msg=key)


def with_value(output, value):
    """Break one keypoint of a sample, of heatmaps or of a SimCC vector."""
    if isinstance(output, tuple):
        return with_value(output[0], value), output[1]
    output = output.clone()
    output[1, 3] = value
    return output


def test_a_broken_pose_mentor():
    """Heatmaps and SimCC vectors: silent on the sample, of no effect on the others."""
    pose = importlib.import_module('tiny_pose')
    for head, kind in (
        (pose.heatmap_head(), 'MSRAHeatmap'),
        (pose.simcc_head(), 'SimCCLabel'),
    ):
        mentors = dict(a=pose.mentor(head), b=pose.mentor(head))
        model = pose.build(pose.pose_classroom(mentors, head))
        batch = pose.samples(pose.codec(kind))
        gradients = []
        for value in (math.nan, math.inf, -math.inf):
            broken = model.mentors['b'].aligner.register_forward_hook(
                lambda _, __, output, value=value: with_value(output, value)
            )
            model.student.zero_grad()
            total, _ = model.parse_losses(model(*batch, mode='loss'))
            total.backward()
            broken.remove()
            invalid = model.distiller.last_sums[ROWS.index('invalid')]
            assert invalid.tolist() == [0, 0, 1]
            gradients.append([p.grad.clone() for p in model.student.parameters()])
        for gradient in gradients:
            pairs = zip(gradient, gradients[0], strict=True)
            assert all(torch.equal(*pair) for pair in pairs)
            assert all(part.isfinite().all() for part in gradient)


# Accuracy ---------------------------------------------------------------------

TOOLS = Path(__file__).parents[2] / 'tools/benchmark'


@pytest.fixture
def bad_mentors(monkeypatch):
    """The program that measures bad mentors."""
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module('bad_mentors')


def test_one_seed_has_no_spread(bad_mentors):
    one, two = ({bad_mentors.ALONE: values} for values in ([90.0], [90.0, 92.0]))
    assert '| without it | 90.00 | +0.00 | 90.0 |' in bad_mentors.table(one)
    assert '91.00 ± 1.41' in bad_mentors.table(two)


KINDS = ['NaN, half of the samples', 'noise, the same for an image', 'shuffled classes']


@pytest.mark.slow
def test_the_student_is_as_good_as_without_the_bad_mentor(tiny, bad_mentors):
    """On digits, with a short training: within the spread of five seeds."""
    results = bad_mentors.measure([bad_mentors.ALONE, *KINDS], range(5), epochs=30)
    without = results.pop(bad_mentors.ALONE)
    least = statistics.mean(without) - (max(without) - min(without))
    for kind, accuracies in results.items():
        assert statistics.mean(accuracies) >= least, (kind, accuracies, without)
