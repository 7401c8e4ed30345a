# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The suite of the digits: every method builds what it says, and two of them train."""

import json

import pytest


@pytest.mark.slow
def test_two_methods_from_the_command_line(short_suite, tmp_path, capsys):
    import torch

    from classroomkd_mm.benchmark.command import main

    out = tmp_path / 'out'
    arguments = [str(short_suite), '--seeds', '0', '--out', str(out), '--jobs', '2']
    main([*arguments, '--methods', 'alone', 'classroom'])
    printed = capsys.readouterr().out
    assert 'student alone, seed 0: accuracy/top1' in printed
    methods = json.loads((out / 'benchmark.json').read_text())['methods']
    assert set(methods) == {'alone', 'classroom'}
    for name in methods:
        record = methods[name]['records']['0']
        assert record['iterations'] == 10
        assert len(record['by_class']) == 10
        assert record['peak_memory_mb'] > 100
        assert record['trained_parameters'] == 6066
        assert record['seconds_per_iteration'] > 0
        assert record['checkpoint_mb'] > 0.01
        # The mentors were read from the cache.
        folder = out / 'runs' / name / 'seed0'
        assert ('is complete' in (folder / 'output.txt').read_text()) is (
            name == 'classroom'
        )
    assert methods['classroom']['to_alone']['verdict'] == 'undecided'

    # Both started from the same weights: those of the seed.
    start = torch.load(out / 'starts' / 'seed0.pth', weights_only=True)['state_dict']
    assert any('head.fc' in key for key in start)
    loaded = f'load model from: {out / "starts" / "seed0.pth"}'
    for name in methods:
        assert loaded in (out / 'runs' / name / 'seed0' / 'output.txt').read_text()

    main([*arguments, '--methods', 'alone', 'classroom', '--dry-run'])
    assert '2 trainings: 2 finished' in capsys.readouterr().out


@pytest.fixture(scope='module')
def models(short_suite, tmp_path_factory):
    """The models of all methods, built as in their runs, without a cache."""
    from mmengine.registry import init_default_scope
    from mmrazor.registry import MODELS

    import classroomkd_mm.datasets.digits
    import classroomkd_mm.models
    import classroomkd_mm.models.backbones  # noqa: F401
    from classroomkd_mm.benchmark.method import find_methods
    from classroomkd_mm.benchmark.plan import Plan
    from classroomkd_mm.benchmark.suite import Suite

    init_default_scope('mmpretrain')
    suite = Suite.read(str(short_suite))
    methods = find_methods('classification')
    plan = Plan(suite, methods, [0], tmp_path_factory.mktemp('out'), strict=True)
    models = {}
    for job in plan.jobs:
        for run in job.runs:
            cfg = run.config.model.to_dict()
            # A chain needs the files of its stage.
            if cfg['type'] != 'ClassroomDistill' or 'assistant' in run.title:
                continue
            cfg.pop('mentor_cache', None)
            cfg['architecture'].pop('init_cfg')
            preprocessor = run.config.data_preprocessor.to_dict()
            models[run.title.split(', seed')[0]] = MODELS.build(
                dict(cfg, data_preprocessor=preprocessor)
            )
    return models


@pytest.mark.slow
def test_every_method_is_what_its_title_says(models):
    for title, model in models.items():
        distiller = model.distiller
        assert len(model.mentors) == (1 if 'best mentor' in title else 3), title
        assert distiller.task_weight == (
            'student_score' if 'W = score' in title else 'constant'
        ), title
        ranked = distiller.knowledge_filter
        if hasattr(ranked, 'level'):
            assert ranked.level == ('batch' if 'batch' in title else 'sample'), title
            assert ranked.slack == (2 if 'slack 2' in title else 0), title
        if 'fixed τ = 4' in title or title.startswith(('average', 'EBKD', 'CA-MKD')):
            if 'z-scored' not in title:
                assert distiller.mentoring.mentoring == 4, title
        losses = dict(distiller.distill_losses)
        if title.endswith('weight n') and 'best mentor' not in title:
            assert losses['loss_classroom'].loss_weight == 1, title
        if title.endswith('weight n') and 'best mentor' in title:
            (loss,) = losses.values()
            assert loss.loss_weight == 3, title


@pytest.mark.slow
def test_total_weights(models):
    """Without 'weight n', the averages weigh as a single mentor does."""
    for title in ('average of the mentors, τ = 4', 'CA-MKD, τ = 4', 'EBKD, τ = 4'):
        loss = models[title].distiller.distill_losses['loss_classroom']
        assert loss.loss_weight == pytest.approx(1 / 3)
        filtering = models[title].distiller.knowledge_filter
        assert filtering.filtering is False
        assert (filtering.weights == 'confidence') is not title.startswith('average')


@pytest.mark.slow
def test_parts_of_the_methods_of_features(models):
    camkd = models['CA-MKD with features, τ = 4'].distiller
    assert camkd.distill_losses['loss_features'].loss_weight == pytest.approx(50 / 3)
    widths = {name: c.conv_module.out_channels for name, c in camkd.connectors.items()}
    assert widths == {'to_resnet14-w20': 80, 'to_resnet8-w8': 32, 'to_resnet8-w3': 12}

    stage = models['FT, best mentor: paraphraser']
    assert not any(p.requires_grad for p in stage.student.parameters())
    first, second = (
        model.distiller.connectors['mentor']
        for model in (stage, models['FT, best mentor'])
    )
    assert (first.phase, second.phase) == ('pretrain', 'train')
    shapes = [{k: v.shape for k, v in c.state_dict().items()} for c in (first, second)]
    assert shapes[0] == shapes[1]

    memory = models['CRD, best mentor'].distiller.distill_losses['loss_features']
    assert memory.contrast.n_sample == 100
