# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Mentors of .safetensors files."""

import builtins
import pickle

import pytest
import torch
from safetensors.torch import save_file

from classroomkd_mm.mentors.weights.reading import read_checkpoint

WEIGHTS = dict(a=torch.arange(3.0), b=torch.ones(2, dtype=torch.bfloat16))


def test_is_read_without_pickle(tmp_path, monkeypatch):
    path = tmp_path / 'x.SafeTensors'
    save_file(WEIGHTS, path)
    monkeypatch.setattr(torch, 'load', None)
    read = read_checkpoint(str(path), 'ann')
    assert read.keys() == WEIGHTS.keys()
    for name, tensor in WEIGHTS.items():
        assert torch.equal(read[name], tensor)


def test_damaged_files(tmp_path):
    path = tmp_path / 'x.safetensors'
    save_file(WEIGHTS, path)
    whole = path.read_bytes()
    contents = [whole[:size] for size in (0, 1, 20, len(whole) - 1)]
    for content in (*contents, b'\xff' * 100, pickle.dumps(dict(a=1))):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"'ann'.*safetensors file.*file again"):
            read_checkpoint(str(path), 'ann')


def test_without_the_library_it_is_named(tmp_path, monkeypatch):
    path = tmp_path / 'x.safetensors'
    save_file(WEIGHTS, path)
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith('safetensors'):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, '__import__', without)
    with pytest.raises(ImportError, match=r"'ann'.*pip install safetensors"):
        read_checkpoint(str(path), 'ann')
