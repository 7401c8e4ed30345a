# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Outputs come back as they were stored: logits, the strongest ones, maps, pairs."""

import numpy as np
import pytest
import torch

from classroomkd_mm.mentors.cache import CacheOptions
from classroomkd_mm.mentors.cache.entry_form import EntryForm


def form_of(output, **options):
    return EntryForm.of(
        output, CacheOptions.parse(dict(path='x', num_views=1, **options)), 'm'
    )


def unpack(form, packed):
    return form.unpack([entry.tobytes() for entry in packed], 'cpu')


@pytest.mark.parametrize(
    'output',
    [
        torch.randn(3, 10),
        torch.randn(3, 17, 8, 6),
        (torch.randn(3, 17, 96), torch.randn(3, 17, 128)),
        (torch.randn(3, 10),),
    ],
)
@pytest.mark.parametrize('dtype', ['float32', 'float16'])
def test_round_trip(output, dtype):
    form = EntryForm.from_json(form_of(output, dtype=dtype).to_json())
    packed = form.pack(output, 'm')
    assert packed.shape == (3,)
    numbers = sum(tensor[0].numel() for tensor in _tensors(output))
    assert packed.dtype.itemsize == numbers * np.dtype(dtype).itemsize
    back = unpack(form, packed)
    assert type(back) is type(output)
    for value, wanted in zip(_tensors(back), _tensors(output), strict=True):
        if dtype == 'float16':
            wanted = wanted.half().float()
        assert torch.equal(value, wanted)


def _tensors(output):
    return (output,) if isinstance(output, torch.Tensor) else output


def test_the_strongest_classes_keep_their_probabilities():
    logits = torch.randn(5, 50) * 3
    form = form_of(logits, topk=8, dtype='float32')
    back = unpack(form, form.pack(logits, 'm')).softmax(1)
    wanted = logits.softmax(1)
    values, classes = wanted.topk(8)
    torch.testing.assert_close(back.gather(1, classes), values)
    rest = back.scatter(1, classes, 0.0)
    spread = ((1 - values.sum(1)) / 42)[:, None].expand(-1, 50).scatter(1, classes, 0)
    torch.testing.assert_close(rest, spread)
    assert form.record.itemsize == 8 * 2 + 8 * 4 + 4


def test_classes_beyond_16_bits():
    logits = torch.zeros(2, 70_000)
    logits[:, 69_999] = 4
    form = form_of(logits, topk=1)
    assert unpack(form, form.pack(logits, 'm')).argmax(1).tolist() == [69_999] * 2


def test_broken_outputs_stay_broken():
    logits = torch.tensor([[float('nan'), 1.0], [float('-inf'), 0.0]])
    form = form_of(logits)
    back = unpack(form, form.pack(logits, 'm'))
    torch.testing.assert_close(back, logits, equal_nan=True)


def test_values_that_float16_cannot_hold():
    logits = torch.tensor([[1e5, 0.0]])
    with pytest.raises(ValueError, match=r"'m' gives 1e\+05, more than float16.*32"):
        form_of(logits).pack(logits, 'm')


def test_images_of_several_sizes():
    form = form_of(torch.zeros(1, 3, 4, 4))
    with pytest.raises(ValueError, match='Images of one size only'):
        form.pack(torch.zeros(1, 3, 4, 5), 'm')


def test_outputs_that_cannot_be_cached():
    with pytest.raises(TypeError, match=r"'m' gives a dict"):
        form_of(dict(a=torch.zeros(1)))
    with pytest.raises(ValueError, match=r'topk=3 is for logits'):
        form_of(torch.zeros(1, 3, 4, 4), topk=3)
    with pytest.raises(ValueError, match=r'topk=4 must be less than the 4 classes'):
        form_of(torch.zeros(1, 4), topk=4)


@pytest.mark.parametrize(
    ('cfg', 'error', 'message'),
    [
        ('folder', TypeError, 'must be a dict'),
        (dict(path='x'), TypeError, 'has no num_views'),
        (dict(path='x', num_views=2, view=1), TypeError, "no option 'view'"),
        (dict(path='x', num_views=0), ValueError, 'num_views=0 must be'),
        (dict(path='x', num_views=2, seed=-1), ValueError, 'seed=-1'),
        (dict(path='x', num_views=2, dtype='int8'), ValueError, 'dtype'),
        (dict(path='x', num_views=2, topk=0), ValueError, 'topk=0'),
    ],
)
def test_options_that_cannot_be(cfg, error, message):
    with pytest.raises(error, match=message):
        CacheOptions.parse(cfg)
