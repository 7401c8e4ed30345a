# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""``tools/benchmark/benchmark.py``: its options mean what its table says."""

import argparse
import importlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / 'tools/benchmark')
    return importlib.import_module('benchmark')


def configured(benchmark, plan, name, tmp_path):
    """The classroom's model as the runs of a method get it."""
    from mmengine.config import Config, DictAction

    path, options = benchmark.recipe_of(plan, tmp_path, name)
    cfg = Config.fromfile(path)
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    cfg.merge_from_dict(parser.parse_args(['--cfg-options', *options]).cfg_options)
    for mentor in cfg.model.mentors.values():
        if mentor is not None:
            assert mentor.ckpt.startswith(str(tmp_path))
            mentor.ckpt = None
    return cfg.model


@pytest.mark.parametrize('plan', ['digits', 'cifar10_jpeg'])
def test_every_method_builds_what_it_says(benchmark, plan, tmp_path):
    from mmrazor.registry import MODELS

    import classroomkd_mm  # noqa: F401

    plan = benchmark.PLANS[plan]
    for method, (_, recipe, _) in plan.methods.items():
        if not recipe:
            continue
        model = MODELS.build(configured(benchmark, plan, method, tmp_path))
        distiller = model.distiller
        only_best = 'best mentor' in method
        assert model.mentors.names == (plan.mentors[:1] if only_best else plan.mentors)
        classical = only_best or 'average' in method
        assert distiller.knowledge_filter.filtering is not classical
        assert distiller.knowledge_filter.level == (
            'batch' if 'batch' in method else 'sample'
        )
        if not classical:  # without the filter, W is 1 anyway
            assert distiller.task_weight == (
                'student_score' if 'W = score' in method else 'constant'
            )
        assert distiller.mentoring.mentoring == (
            4.0 if classical or 'fixed' in method else 'gap'
        )
        assert distiller.mentoring.tau_max == (4 if 'τ_max = 4' in method else 12)
        weight = distiller.distill_losses['loss_classroom'].loss_weight
        assert weight == pytest.approx(1 / 3 if 'average' in method else 1, abs=1e-3)


@pytest.mark.slow
def test_every_pose_method_builds_what_it_says(benchmark, tmp_path):
    from mmrazor.registry import MODELS

    import classroomkd_mm  # noqa: F401  before MMPose, which it lets import

    plan = benchmark.PLANS['stick_figures']
    sharpness = set()
    for method, (_, recipe, _) in plan.methods.items():
        if not recipe:
            continue
        model = MODELS.build(configured(benchmark, plan, method, tmp_path))
        distiller = model.distiller
        everybody = 'average' in method
        assert distiller.knowledge_filter.filtering is not everybody
        assert distiller.knowledge_filter.level == (
            'batch' if 'batch' in method else 'sample'
        )
        ((name, loss),) = distiller.distill_losses.items()
        assert (name == 'loss_mse') is ('MSE' in method)
        scores = [s for s in ('likelihood', 'task_loss') if s in method]
        assert [distiller.scorer.score] == (scores or ['oks'])
        if recipe == 'classroomkd':
            off = 'KL' in method or 'mentoring off' in method
            assert distiller.mentoring.mentoring == ('off' if off else 'gap')
            sharpness.add(loss.sharpness)
    assert sharpness == {3, 10, 30, 100}


def write_result(benchmark, plan, out, name, seed, value):
    """Leave what a finished run leaves."""
    log = benchmark.folder_of(plan, out, name, seed) / 'now' / 'vis_data'
    log.mkdir(parents=True)
    last = plan.epochs if name in plan.methods else plan.mentor_epochs
    line = dict.fromkeys(plan.metrics, value) | {'step': last}
    (log / 'scalars.json').write_text('{"lr": 0.1, "step": 1}\n' + json.dumps(line))


@pytest.mark.parametrize('plan', ['digits', 'stick_figures'])
def test_a_table_has_all_methods_and_their_means(benchmark, plan, tmp_path):
    plan = benchmark.PLANS[plan]
    last = list(plan.methods)[-1]
    runs = [(name, 0) for name in plan.mentors]
    runs += [(name, seed) for name in plan.methods for seed in (0, 1)]
    for name, seed in runs:
        if name != last:
            write_result(benchmark, plan, tmp_path, name, seed, 0.80 + 0.02 * seed)
    table = benchmark.table(plan, tmp_path, [0, 1])
    assert last not in table  # it has not been run
    factors = [factor for _, factor in plan.metrics.values()]
    cells = ' | '.join(
        '81.00 ± 1.41 | 80.0, 82.0' if factor == 100 else '0.81 ± 0.01 | 0.8, 0.8'
        for factor in factors
    )
    assert table.count(f'| {cells} |') == len(plan.methods) - 1
    assert len({line.count('|') for line in table.splitlines()}) == 1
    # What is done is not done again: no run is started here.
    benchmark.train(plan, tmp_path, 'student alone', 1)


def test_the_best_mentor_is_the_one_that_was_measured(benchmark, tmp_path):
    plan = benchmark.PLANS['cifar10_jpeg']
    for name, accuracy in zip(plan.mentors, (63, 65, 60), strict=True):
        write_result(benchmark, plan, tmp_path, name, 0, accuracy)
    _, options = benchmark.recipe_of(plan, tmp_path, 'KD from the best mentor, τ = 4')
    assert 'model.mentors.resnet20=None' in options
    assert 'model.mentors.resnet8=None' in options
    assert any(option.startswith('model.mentors.resnet14.ckpt=') for option in options)


def test_mentors_teach_what_they_have_learned_last(benchmark):
    """The checkpoints that are loaded are those that training leaves."""
    from mmengine.config import Config

    for plan in benchmark.PLANS.values():
        for mentor in plan.mentors:
            cfg = Config.fromfile(ROOT / 'configs' / plan.mentor.format(mentor))
            assert cfg.train_cfg.max_epochs == plan.mentor_epochs
        cfg = Config.fromfile(ROOT / 'configs' / plan.student)
        assert cfg.train_cfg.max_epochs == plan.epochs
