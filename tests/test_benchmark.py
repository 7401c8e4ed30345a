# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The comparison's options mean what its table says."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope='module')
def benchmark():
    spec = importlib.util.spec_from_file_location(
        'benchmark', ROOT / 'tools' / 'benchmark.py'
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def configured(benchmark, plan, method, tmp_path):
    """The classroom's model as the runs of a method get it."""
    import argparse

    from mmengine.config import Config, DictAction

    stem = f'classroomkd_{plan.student}_{plan.suffix}'
    cfg = Config.fromfile(ROOT / 'configs' / plan.classroom_folder / stem)
    parser = argparse.ArgumentParser()
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    options = benchmark.METHODS[method]
    options += tuple(benchmark.mentor_options(plan, tmp_path, method))
    cfg.merge_from_dict(parser.parse_args(['--cfg-options', *options]).cfg_options)
    for mentor in cfg.model.mentors.values():
        if mentor is not None:
            mentor.ckpt = None
    return cfg.model


@pytest.mark.parametrize('plan', ['digits', 'cifar10_jpeg'])
def test_every_method_builds_what_it_says(benchmark, plan, tmp_path):
    from mmrazor.registry import MODELS

    import classroomkd_mm  # noqa: F401

    plan = benchmark.PLANS[plan]
    for method, options in benchmark.METHODS.items():
        if options is None:
            continue
        model = MODELS.build(configured(benchmark, plan, method, tmp_path))
        distiller = model.distiller
        only_best = 'best mentor' in method
        assert model.mentors.names == (plan.mentors[:1] if only_best else plan.mentors)
        classical = only_best or 'average' in method
        assert distiller.knowledge_filter.enabled is not classical
        assert distiller.knowledge_filter.level == (
            'batch' if 'batch' in method else 'sample'
        )
        assert distiller.task_weight == (
            'student_score' if 'W = score' in method else 'constant'
        )
        assert distiller.mentoring.mode == (
            4.0 if classical or 'fixed' in method else 'gap'
        )
        assert distiller.mentoring.tau_max == (4 if 'τ_max = 4' in method else 12)
        weight = distiller.distill_losses['loss_classroom'].loss_weight
        assert weight == pytest.approx(1 / 3 if 'average' in method else 1, abs=1e-3)


def test_a_table_has_all_methods_and_their_means(benchmark, tmp_path):
    plan = benchmark.PLANS['digits']
    runs = [(name, 0) for name in plan.mentors]
    runs += [(name, seed) for name in benchmark.METHODS for seed in (0, 1)]
    for name, seed in runs:
        log = benchmark.folder_of(tmp_path, name, seed) / 'now' / 'vis_data'
        log.mkdir(parents=True)
        last = plan.epochs if name in benchmark.METHODS else plan.mentor_epochs
        line = f'{{"accuracy/top1": {80 + 2 * seed}, "step": {last}}}\n'
        (log / 'scalars.json').write_text('{"lr": 0.1, "step": 1}\n' + line)
    table = benchmark.table(plan, tmp_path, [0, 1])
    assert table.count('| 81.00 ± 1.41 | 80.0, 82.0 |') == len(benchmark.METHODS)
    # What is done is not done again: no run is started here.
    benchmark.train(plan, tmp_path, 'student alone', 1, [])
