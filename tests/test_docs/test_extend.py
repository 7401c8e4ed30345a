# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The examples of docs/extend.md, run as they stand."""

import importlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

PAGE = (Path(__file__).parents[2] / 'docs/extend.md').read_text()
BLOCKS = re.findall(r'```python\n(.*?)```', PAGE, flags=re.DOTALL)
# Modules by name, each with the config that follows it.
FILES = {
    match[1]: (code, config)
    for code, config in zip(BLOCKS, BLOCKS[1:], strict=False)
    if (match := re.match(r'# (\w+)\.py\n', code))
}
PARTS = ('margin_scorer', 'best_filter', 'curved_mentoring', 'logit_mse_loss')


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write an example into a folder and import it from there."""

    def module(name):
        monkeypatch.syspath_prepend(tmp_path)
        (tmp_path / f'{name}.py').write_text(FILES[name][0])
        # Once only: a registry does not take a name twice.
        return sys.modules.get(name) or importlib.import_module(name)

    return module


def config_after(name):
    """What the config that follows a module says."""
    scope = {}
    exec(FILES[name][1], scope)
    return scope


def lines_of(code):
    return [line for line in code.splitlines() if line.strip()]


def test_the_examples_are_short():
    small = (*PARTS, 'npz_source')
    assert set(FILES) == {*small, 'dense_prediction'}
    assert all(len(FILES[name][0].splitlines()) <= 40 for name in small)
    assert len(lines_of(FILES['dense_prediction'][0])) <= 120


@pytest.mark.parametrize('name', PARTS)
def test_a_part_teaches(tiny, module, name):
    module(name)
    model = tiny.build_classroom(distiller=config_after(name)['distiller'])
    losses = model(*tiny.prepared(model, tiny.batch()), mode='loss')
    distilled = sum(loss for key, loss in losses.items() if 'distill' in key)
    distilled.backward()
    assert torch.isfinite(distilled)
    assert distilled > 0
    assert any(p.grad is not None and p.grad.any() for p in model.student.parameters())


def test_the_margin_is_scored(tiny, module):
    scorer = module('margin_scorer').MarginScorer()
    _, samples = tiny.batch(size=2).values()
    samples = [sample.set_gt_label(0) for sample in samples]
    student = torch.tensor([[3.0, 1.0, 0.0], [1.0, 5.0, 0.0]])
    scores = scorer(student, [student.flip(0)], samples)
    assert scores.log_scores.tolist() == [[2, -4], [-4, 2]]


def test_only_the_best_teach(tiny, module):
    log_scores = torch.tensor([[-3.0], [-2.5], [-1.0], [-4.0], [-2.0], [-torch.inf]])
    ranking = module('best_filter').BestFilter(count=2)(log_scores)
    assert ranking.active.flatten().tolist() == [False, True, False, True, False]
    assert (ranking.weights > 0).equal(ranking.active)


def test_the_power_of_the_gap(tiny, module):
    from classroomkd_mm.functional import filter_mentors

    ranking = filter_mentors(torch.tensor([[0.25], [1.0], [0.25]]).log())
    rule = module('curved_mentoring').CurvedMentoring(0.5, tau_max=4)
    taus = rule(ranking, None, ()).mentor.flatten()
    torch.testing.assert_close(taus, torch.tensor([1 + 4 * 0.75**0.5, 1.0]))


def test_weights_come_from_an_archive(tiny, module, tmp_path):
    module('npz_source')
    (option,) = set(config_after('npz_source')['mentors']['big']) - {'cfg_path'}
    network = tiny.stir(tiny.MODELS.build(dict(tiny.net(6), _scope_='mmpretrain')))
    weights = {name: value.numpy() for name, value in network.state_dict().items()}
    path = tmp_path / 'weights.npz'
    np.savez(path, **weights)
    mentors = dict(big={'model': tiny.net(6), option: str(path)})
    mentor = tiny.MODELS.build(tiny.classroom_config(mentors)).mentors['big']
    assert torch.equal(mentor.network.head.fc.weight, network.head.fc.weight)
    assert mentor.source.endswith(str(path))
    del weights['head.fc.bias']
    np.savez(path, **weights)
    with pytest.raises(ValueError, match=r"(?s)'big'.*head\.fc\.bias"):
        tiny.MODELS.build(tiny.classroom_config(mentors))


def test_a_third_task_trains(tiny, module, tmp_path):
    from mmengine.config import Config
    from mmengine.runner import Runner

    module('dense_prediction')
    path = tmp_path / 'dense_classroom.py'
    path.write_text(FILES['dense_prediction'][1])
    cfg = Config.fromfile(path)
    cfg.work_dir = str(tmp_path / 'work_dir')
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.model.task.name() == 'dense_prediction'
    report = (tmp_path / 'work_dir/classroom.jsonl').read_text().splitlines()
    entries = [json.loads(line) for line in report]
    assert len(entries) == 2
    assert set(entries[0]['mentors']) == {'wide', 'wider'}
    assert entries[0]['student']['score'] > 0
