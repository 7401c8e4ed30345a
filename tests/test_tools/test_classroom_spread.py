# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""``tools/analysis/classroom_spread.py``: its table."""

import importlib
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
RECIPE = 'classroomkd_resnet8-w4_1xb20_digits.py'


@pytest.fixture
def spread(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / 'tools/analysis')
    return importlib.import_module('classroom_spread')


def test_amounts_are_shared_out_by_probability(spread):
    sure = torch.tensor([0.05, 0.3, 0.45, 0.95])
    assert spread.shares_of(torch.ones(4), sure) == pytest.approx([0.25, 0.5, 0, 0.25])
    amounts = torch.tensor([6.0, 1.0, 1.0, 2.0])
    assert spread.shares_of(amounts, sure) == pytest.approx([0.6, 0.2, 0, 0.2])


def test_a_student_with_a_data_preprocessor_beside_the_model(
    spread, tmp_path, monkeypatch, capsys
):
    """As in the configs of MMPretrain, and in those of the benchmark's runs."""
    from mmengine.config import Config
    from mmrazor.registry import MODELS

    (path,) = (ROOT / 'configs').rglob(RECIPE)
    cfg = Config.fromfile(path)
    student = Config.fromfile(cfg.model.architecture.cfg_path)
    cfg.model.architecture = dict(student.model, _scope_='mmpretrain')
    cfg.data_preprocessor = student.data_preprocessor
    cfg.dump(tmp_path / 'inline.py')
    model = dict(cfg.model, data_preprocessor=cfg.data_preprocessor)
    state = MODELS.build(model).student.state_dict()
    torch.save(dict(state_dict=state), tmp_path / 'student.pth')
    files = [str(tmp_path / name) for name in ('inline.py', 'student.pth')]
    monkeypatch.setattr(sys, 'argv', ['spread', *files, '--batches', '1'])
    spread.main()
    assert 'sample level' in capsys.readouterr().out


def test_the_table_of_a_recipe(spread, tmp_path, monkeypatch, capsys):
    from mmengine.config import Config
    from mmrazor.registry import MODELS

    (path,) = (ROOT / 'configs').rglob(RECIPE)
    student = MODELS.build(Config.fromfile(path).model).student
    torch.save(dict(state_dict=student.state_dict()), tmp_path / 'student.pth')
    arguments = [RECIPE, str(tmp_path / 'student.pth'), '--batches', '2']
    monkeypatch.setattr(sys, 'argv', ['classroom_spread', *arguments])
    spread.main()
    lines = [x for x in capsys.readouterr().out.splitlines() if x.startswith('|')]
    rows = {
        cells[1].strip(): [float(cell) for cell in cells[2:-1] if cell.strip()]
        for cells in (line.split('|') for line in lines[2:])
    }
    assert sum(rows['share of samples']) == pytest.approx(1, abs=0.03)
    for level in ('sample level', 'batch level'):
        active, low, middle, high, *gradient = rows[level]
        assert active > 0.5  # an untrained student is taught by all
        assert 1 <= low <= middle <= high <= 13
        assert sum(gradient) == pytest.approx(1, abs=0.03)
