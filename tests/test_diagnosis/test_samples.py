# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Samples are taken from a dataset, and everything is as it was."""

import random

import numpy as np
import pytest
import torch

pytest.importorskip('mmengine')

from mmengine.dataset import pseudo_collate  # noqa: E402
from mmengine.fileio.io import backend_instances, get_file_backend  # noqa: E402
from torch.utils.data import ConcatDataset, Subset  # noqa: E402

from classroomkd_mm.diagnosis.samples import (  # noqa: E402
    some_indices,
    take_batch,
    undisturbed,
)

CPU = torch.device('cpu')


def numbers():
    return random.random(), np.random.rand(), float(torch.rand(()))


def test_random_numbers_are_not_used_up():
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    expected = numbers()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    with pytest.raises(KeyError), undisturbed(CPU):
        numbers()
        raise KeyError
    assert numbers() == expected


def test_a_storage_backend_is_not_left_open():
    """Workers would inherit it."""
    get_file_backend(backend_args=dict(backend='local'), enable_singleton=True)
    before = dict(backend_instances)
    with undisturbed(CPU):
        args = dict(backend='memcached_like', backend_args={})
        backend_instances[str(args)] = object()
    assert backend_instances == before


def test_indices_are_spread_and_always_the_same():
    indices = some_indices(1000, 16)
    assert indices == some_indices(1000, 16)
    assert len(set(indices)) == 16 and max(indices) > 500
    assert sorted(some_indices(5, 16)) == list(range(5))


class Counting:
    """A dataset whose transform remembers its calls."""

    def __init__(self):
        self.pipeline = Counter()
        self.data = [10, 20, 30]
        self.metainfo = {}

    def full_init(self):
        pass

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        return dict(inputs=self.data[index] + self.pipeline())


class Counter:
    calls = 0

    def __call__(self):
        self.calls += 1
        return self.calls


@pytest.mark.parametrize(
    'wrap',
    [lambda d: d, lambda d: Subset(d, [0, 1, 2]), lambda d: ConcatDataset([d])],
    ids=['plain', 'Subset', 'ConcatDataset'],
)
def test_transforms_do_not_notice(wrap):
    data = Counting()
    batch = take_batch(wrap(data), pseudo_collate, [2, 0])
    assert batch == dict(inputs=[31, 12])
    assert data.pipeline.calls == 0
