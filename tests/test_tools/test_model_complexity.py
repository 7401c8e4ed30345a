# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""``tools/analysis/model_complexity.py``, from the command line."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODELS = ROOT / 'configs/_base_/models/cifar'


@pytest.fixture
def tool():
    path = ROOT / 'tools/analysis/model_complexity.py'
    spec = importlib.util.spec_from_file_location('model_complexity', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def table(tool, monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, 'argv', ['model_complexity', *map(str, arguments)])
        tool.main()
        return capsys.readouterr().out.splitlines()

    return run


def test_counts_of_a_network_that_can_be_counted_by_hand(table):
    """ResNet8, 100 classes: the sums over its layers, written out."""
    # Kernel, channels in and out, and side of the map, of every convolution.
    convolutions = [
        (3, 3, 16, 32),
        (3, 16, 16, 32), (3, 16, 16, 32),
        (3, 16, 32, 16), (3, 32, 32, 16), (1, 16, 32, 16),
        (3, 32, 64, 8), (3, 64, 64, 8), (1, 32, 64, 8),
    ]  # fmt: skip
    weights = sum(k * k * i * o + 2 * o for k, i, o, _ in convolutions) + 6500
    products = sum(k * k * i * o * side**2 for k, i, o, side in convolutions) + 6400
    *_, row = table(MODELS / 'resnet8.py')
    _, name, parameters, flops, _ = (cell.strip() for cell in row.split('|'))
    assert name == 'resnet8'
    assert parameters == f'{weights / 1e6:.3f} M'
    # The norms and the pooling come on top.
    assert products < float(flops.split()[0]) * 1e6 < 1.03 * products


def test_files_and_input_size(table):
    head, rule, small = table(MODELS / 'resnet8.py')
    *_, large = table(MODELS / 'resnet8.py', '--size', 64)
    assert head.count('|') == rule.count('|') == small.count('|')
    flops = [float(row.split('|')[3].split()[0]) for row in (small, large)]
    assert flops[1] == pytest.approx(4 * flops[0], rel=0.01)


def test_order_and_what_is_not_there(tool, tmp_path):
    names = [path.stem for path in tool.find_configs([MODELS])]
    assert names.index('resnet8') < names.index('resnet14') < names.index('resnet110')
    with pytest.raises(FileNotFoundError, match='no config at'):
        tool.find_configs([tmp_path])
