# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""No file of weights runs code, wherever a command of this package reads it."""

import importlib
import os
import pickle
import runpy
import sys
from collections import OrderedDict
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
TRAIN, TEST = ROOT / 'tools/train.py', ROOT / 'tools/test.py'
CONVERT = ROOT / 'tools/model_converters/convert_checkpoint.py'
REFUSED = r'(?s)objects other than weights.*run code.*(Get the file again|state_dict)'


class Code:
    """Unpickled, it makes a folder."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (self.folder,)


class CodeInState:
    """The same, in the state of an object that is harmless itself."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return OrderedDict, (), {'_metadata': Code(self.folder)}


def beside_the_weights(code):
    return dict(state_dict=dict(a=torch.ones(1)), optimizer=code)


def deep_inside(code):
    return dict(meta=[dict(hooks=OrderedDict(a=(1, [code])))], state_dict={})


def as_a_name(code):
    return dict(state_dict={(1, code): torch.ones(1)})


def alone(code):
    return code


def save_zip(content, path):
    torch.save(content, path)


def save_old(content, path):
    torch.save(content, path, _use_new_zipfile_serialization=False)


def save_pickle(content, path):
    path.write_bytes(pickle.dumps(content, protocol=2))


@pytest.fixture
def folder(tmp_path):
    """The folder that the code would make."""
    return tmp_path / 'made'


@pytest.fixture
def evil(tmp_path, folder):
    """A checkpoint that makes the folder."""
    save_zip(deep_inside(Code(str(folder))), tmp_path / 'evil.pth')
    return tmp_path / 'evil.pth'


@pytest.fixture(params=['', 'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'])
def switch(request, monkeypatch):
    """PyTorch's variable that switches the protection off, unset and set."""
    if request.param:
        monkeypatch.setenv(request.param, '1')
    return request.param


def test_the_file_does_run_code_where_it_is_trusted(evil, folder):
    torch.load(evil, weights_only=False)
    assert folder.is_dir()


# Readers


@pytest.mark.parametrize('save', [save_zip, save_old, save_pickle])
@pytest.mark.parametrize('place', [beside_the_weights, deep_inside, as_a_name, alone])
@pytest.mark.parametrize('code', [Code, CodeInState])
@pytest.mark.parametrize('reader', ['mentor', 'mmengine'])
def test_every_form(tmp_path, folder, reader, code, place, save, monkeypatch):
    from mmengine.runner.checkpoint import CheckpointLoader

    from classroomkd_mm.mentors.weights.reading import read_checkpoint

    monkeypatch.setenv('TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD', '1')
    save(place(code(str(folder))), tmp_path / 'x.pth')
    read = dict(mentor=read_checkpoint, mmengine=CheckpointLoader.load_checkpoint)
    with pytest.raises(ValueError, match=REFUSED) as caught:
        read[reader](str(tmp_path / 'x.pth'))
    assert not folder.exists()
    assert 'weights_only' not in str(caught.value)  # no advice to switch it off
    assert caught.value.__suppress_context__


def test_a_script_is_refused(tmp_path):
    from classroomkd_mm.mentors.weights.reading import read_checkpoint

    torch.jit.trace(torch.nn.Linear(1, 1), torch.ones(1, 1)).save(tmp_path / 'x.pth')
    with pytest.raises(ValueError, match='TorchScript') as caught:
        read_checkpoint(str(tmp_path / 'x.pth'), 'ann')
    assert 'Re-running' not in str(caught.value)


def test_a_name_that_pretends_to_be_safetensors(tmp_path, folder):
    from classroomkd_mm.mentors.weights.reading import read_checkpoint

    save_zip(Code(str(folder)), tmp_path / 'x.safetensors')
    with pytest.raises(ValueError, match='safetensors'):
        read_checkpoint(str(tmp_path / 'x.safetensors'), 'ann')
    assert not folder.exists()


# Commands


@pytest.fixture
def call(tmp_path, monkeypatch, tiny):
    """Run a script of tools/ with the config of a tiny classroom, and options of it."""
    from mmengine.config import Config

    importlib.import_module('classroomkd_mm.engine')
    loader = dict(
        batch_size=5,
        dataset=dict(type='tiny_classroom.TinyData'),
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='pseudo_collate'),
    )
    config = dict(
        default_scope='mmpretrain',
        custom_imports=dict(imports=['classroomkd_mm.models', 'classroomkd_mm.engine']),
        model=tiny.classroom_config(),
        train_dataloader=loader,
        test_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=1),
        test_cfg=dict(),
        test_evaluator=dict(type='Accuracy'),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        custom_hooks=[dict(type='mmrazor.ClassroomHook')],
        experiment_name=tmp_path.name,
        work_dir=str(tmp_path / 'run'),
    )
    file = tmp_path / 'config.py'

    def call(script, *arguments, **options):
        merged = Config(config)
        merged.merge_from_dict(options)
        merged.dump(file)
        arguments = [str(file), *map(str, arguments)]
        monkeypatch.setattr(sys, 'argv', [str(script), *arguments])
        runpy.run_path(str(script), run_name='__main__')

    return call


def as_mentor(call, evil):
    call(TRAIN, **{'model.mentors.a.ckpt': str(evil)})


def as_load_from(call, evil):
    call(TRAIN, load_from=str(evil))


def as_resumed(call, evil):
    call(TRAIN, '--resume', evil)


def as_latest(call, evil):
    run = evil.parent / 'run'
    run.mkdir()
    (run / 'last_checkpoint').write_text(str(evil))
    call(TRAIN, '--resume')


def as_tested(call, evil):
    call(TEST, evil)


def as_pretrained_student(call, evil):
    init_cfg = dict(type='Pretrained', checkpoint=str(evil))
    call(TRAIN, **{'model.architecture.init_cfg': init_cfg})


def as_pretrained_backbone(call, evil):
    init_cfg = dict(type='Pretrained', checkpoint=str(evil), prefix='backbone.')
    call(TRAIN, **{'model.architecture.backbone.init_cfg': init_cfg})


def as_cached_torchvision_weights(call, evil):
    from torchvision.models import ResNet18_Weights

    name = ResNet18_Weights.IMAGENET1K_V1.url.rpartition('/')[2]
    cached = Path(torch.hub.get_dir(), 'checkpoints', name)
    cached.parent.mkdir(parents=True)
    evil.rename(cached)
    mentor = dict(type='torchvision.models.resnet18', weights='IMAGENET1K_V1')
    call(TRAIN, **{'model.mentors.c': dict(model=mentor)})


def as_cached_model_zoo_file(call, evil):
    from mmengine.runner.checkpoint import get_torchvision_models

    from classroomkd_mm.mentors.weights.download import cache_path

    cached = cache_path(get_torchvision_models()['googlenet'])
    cached.parent.mkdir(parents=True)
    evil.rename(cached)
    init_cfg = dict(type='Pretrained', checkpoint='torchvision://googlenet')
    call(TRAIN, **{'model.architecture.init_cfg': init_cfg})


WAYS = [
    as_mentor,
    as_load_from,
    as_resumed,
    as_latest,
    as_tested,
    as_pretrained_student,
    as_pretrained_backbone,
    as_cached_torchvision_weights,
]


@pytest.mark.parametrize('way', WAYS)
@pytest.mark.filterwarnings('ignore:TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD')
def test_no_command_runs_code(call, evil, folder, way, switch, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, '_hub_dir', str(tmp_path / 'hub'))
    with pytest.raises(ValueError, match=REFUSED):
        way(call, evil)
    assert not folder.exists()


def test_a_file_of_a_model_zoo_has_the_hash_in_its_name(
    call, evil, folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(torch.hub, '_hub_dir', str(tmp_path / 'hub'))
    with pytest.raises(ValueError, match='is expected'):
        as_cached_model_zoo_file(call, evil)
    assert not folder.exists()


def test_converting_runs_no_code(evil, folder, switch, monkeypatch):
    target = evil.with_name('converted.pth')
    monkeypatch.setattr(sys, 'argv', ['convert', str(evil), str(target)])
    with pytest.raises(SystemExit, match=REFUSED):
        runpy.run_path(str(CONVERT), run_name='__main__')
    assert not folder.exists() and not target.exists()


# What goes on working


@pytest.mark.slow
def test_a_run_is_trained_resumed_and_tested(call, tiny, tmp_path):
    network = tiny.MODELS.build(dict(tiny.net(6), _scope_='mmpretrain'))
    torch.save(network.state_dict(), tmp_path / 'a.pth')
    mentors = {'model.mentors.a.ckpt': str(tmp_path / 'a.pth'), 'model.mentors.b': None}
    call(TRAIN, **mentors)
    longer = {'train_cfg.max_epochs': 2, 'experiment_name': 'b'}
    call(TRAIN, '--resume', **mentors, **longer)
    last = tmp_path / 'run/epoch_2.pth'
    assert last.is_file()
    call(TEST, last, experiment_name='c')
    call(TRAIN, load_from=str(last), experiment_name='d')


def test_the_ignored_switch_is_named_and_restored(monkeypatch):
    from classroomkd_mm.compat import weights_only

    monkeypatch.setenv('TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD', '1')
    monkeypatch.delenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', raising=False)
    before = dict(os.environ)
    with pytest.warns(UserWarning, match='NO_WEIGHTS_ONLY_LOAD is ignored'):
        with weights_only(), weights_only():
            assert os.environ['TORCH_FORCE_WEIGHTS_ONLY_LOAD'] == '1'
    assert dict(os.environ) == before
