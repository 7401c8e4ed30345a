# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""``tools/model_converters/convert_checkpoint.py``, from the command line."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import load_checkpoint
from mmpretrain.registry import MODELS

import classroomkd_mm.models.backbones  # noqa: F401

ROOT = Path(__file__).parents[2]
DATA = ROOT / 'tests/data/cifar_checkpoints'
SOURCE = DATA / 'resnet8.pth'


@pytest.fixture
def convert(monkeypatch):
    spec = importlib.util.spec_from_file_location(
        'convert_checkpoint', ROOT / 'tools/model_converters/convert_checkpoint.py'
    )
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    def run(source, target):
        monkeypatch.setattr(sys, 'argv', ['convert', str(source), str(target)])
        tool.main()

    return run


def test_mmpretrain_loads_what_is_written(convert, tmp_path, capsys):
    target = tmp_path / 'new' / 'converted.pth'
    convert(SOURCE, target)
    assert 'is resnet8' in capsys.readouterr().out

    checkpoint = torch.load(target, weights_only=True)
    assert checkpoint['meta'] == dict(architecture='resnet8', source='resnet8.pth')
    model = MODELS.build(
        Config.fromfile(ROOT / 'configs/_base_/models/cifar/resnet8.py').model
    )
    load_checkpoint(model, str(target), strict=True)
    published = torch.load(SOURCE, weights_only=True)['model']
    assert torch.equal(model.head.fc.weight, published['fc.weight'].float())


def write_nothing(path):
    pass


def write_the_beginning(path):
    path.write_bytes(SOURCE.read_bytes()[:90_000])


def write_no_byte(path):
    path.touch()


def write_text(path):
    path.write_text('not a checkpoint')


def write_another_network(path):
    torch.save({'model': {'patch_embed.weight': torch.zeros(2)}}, path)


def write_objects(path):
    torch.save({'model': {}, 'args': Path('/')}, path)


@pytest.mark.parametrize(
    ('write', 'message'),
    [
        (write_nothing, 'does not exist'),
        (write_the_beginning, 'truncated|damaged'),
        (write_no_byte, 'truncated|damaged'),
        (write_text, 'truncated|damaged'),
        (write_objects, 'damaged'),
        (write_another_network, 'patch_embed.weight.*Supported are'),
    ],
)
def test_bad_files_are_refused_in_one_message(convert, tmp_path, write, message):
    source, target = tmp_path / 'bad.pth', tmp_path / 'converted.pth'
    write(source)
    with pytest.raises(SystemExit, match=f'(?s)^convert_checkpoint: .*({message})'):
        convert(source, target)
    assert not target.exists()


def test_the_source_is_left_alone(convert, tmp_path):
    source = tmp_path / 'resnet8.pth'
    shutil.copy(SOURCE, source)
    convert(source, tmp_path / 'converted.pth')
    assert source.read_bytes() == SOURCE.read_bytes()
