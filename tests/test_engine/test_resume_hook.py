# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Where a resumed run goes on, and what it draws at random there."""

import json
import random
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler, InfiniteSampler
from mmengine.hooks import Hook
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
)

from classroomkd_mm.datasets.seeded_batches import restart, seed_of, seeded_loader
from classroomkd_mm.engine.hooks import ResumeHook

HOOK = dict(type='mmrazor.ClassroomHook', interval=3)


class Draws(Dataset):
    """Each sample tells its index, and draws a number from each generator."""

    def __len__(self):
        return 11

    def __getitem__(self, index):
        return index, random.random(), np.random.rand(), float(torch.rand(()))


def loader_of(sampler, workers=0, seed=7, **options):
    data = Draws()
    sampler = sampler(data)
    loader = DataLoader(
        data, 3, sampler=sampler, num_workers=workers, collate_fn=list, **options
    )
    return seeded_loader(loader, seed)


def batches(loader, epoch, first=0, count=None):
    loader.batch_sampler.begin(epoch, first)
    restart(loader.batch_sampler.sampler, None)
    iterator = iter(loader)
    return [next(iterator) for _ in range(count or len(loader) - first)]


SAMPLERS = dict(
    default=lambda data: DefaultSampler(data, shuffle=True, seed=1),
    infinite=lambda data: InfiniteSampler(data, shuffle=True, seed=1),
    torch=RandomSampler,
)


@pytest.mark.parametrize('sampler', SAMPLERS)
def test_a_batch_is_the_same_whatever_was_loaded_before(sampler):
    loader = loader_of(SAMPLERS[sampler])
    whole = batches(loader, 2)
    torch.manual_seed(3)  # by somebody else
    for first in (1, 3):
        assert batches(loader, 2, first) == whole[first:]
    drawn = [sample[1:] for batch in whole for sample in batch]
    assert len(set(sum(drawn, ()))) == 3 * len(drawn)
    if sampler != 'infinite':
        assert batches(loader, 3) != whole


def test_a_batch_is_the_same_in_every_worker():
    plain = batches(loader_of(SAMPLERS['default']), 1)
    loader = loader_of(SAMPLERS['default'], workers=2, persistent_workers=True)
    assert batches(loader, 0) != plain
    for first in (0, 1, 2):
        assert batches(loader, 1, first) == plain[first:]


def test_the_order_is_that_of_the_sampler_alone():
    loader = loader_of(SAMPLERS['default'])
    order = [sample[0] for batch in batches(loader, 4) for sample in batch]
    sampler = SAMPLERS['default'](Draws())
    sampler.set_epoch(4)
    assert order == list(sampler)
    endless = loader_of(SAMPLERS['infinite'])
    order = [s[0] for batch in batches(endless, 0, 5, 9) for s in batch]
    sampler = iter(SAMPLERS['infinite'](Draws()))
    assert order == [next(sampler) for _ in range(42)][15:]


def test_the_loader_of_the_user_is_left_as_it_is():
    data = Draws()
    loader = DataLoader(data, 3, collate_fn=list)
    seeded = seeded_loader(loader, 0)
    assert type(loader.batch_sampler) is BatchSampler
    assert len(seeded) == len(loader) == 4
    assert (seeded.batch_size, seeded.sampler) == (3, loader.sampler)
    again = seeded_loader(seeded, 0)
    assert again.batch_sampler.batches is loader.batch_sampler
    assert seed_of(loader.sampler) is None


# In a run -----------------------------------------------------------------------


class Batches(Hook):
    """Remember the number and the labels of each batch."""

    def __init__(self):
        self.seen = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        images = [int(image.long().sum()) for image in data_batch['inputs']]
        self.seen.append((runner.epoch, runner.iter, batch_idx, images))


def run(tiny, folder, model=None, loader=None, save=1, epochs=2, **options):
    """Train for 2 epochs of 4 batches, with a checkpoint in every iteration."""
    model = model or tiny.build_classroom(
        architecture=tiny.net(backbone=dict(dropout=0.5))
    )
    seen = Batches()
    saves = dict(type='CheckpointHook', interval=save, by_epoch=False)
    runner = tiny.run(
        folder,
        model,
        epochs,
        hooks=[dict(HOOK), seen],
        loader=loader,
        default_hooks=dict(checkpoint=saves),
        randomness=dict(seed=1),
        **options,
    )
    return runner, seen.seen


def end_of(folder, name='iter_8.pth'):
    return torch.load(Path(folder, name), weights_only=True)['state_dict']


def report_of(folder):
    lines = Path(folder, 'classroom.jsonl').read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_an_epoch_goes_on_from_each_of_its_batches(tiny, tmp_path):
    """Weights, log and report, with a mean over what was before and after."""
    runner, whole = run(tiny, tmp_path)
    end, report = end_of(tmp_path), report_of(tmp_path)
    assert [line['iter'] for line in report] == [4, 8]
    for start in (1, 3, 4, 6, 8):
        path = str(tmp_path / f'iter_{start}.pth')
        resumed, rest = run(tiny, tmp_path, load_from=path, resume=True)
        assert rest == whole[start:]
        assert all(
            torch.equal(value, end[name]) for name, value in end_of(tmp_path).items()
        )
        assert report_of(tmp_path) == report
        for name in ('train/loss', 'train/a/taught', 'train/b/kd'):
            logged = [r.message_hub.log_scalars[name].data for r in (runner, resumed)]
            assert (logged[0][0] == logged[1][0]).all()


def test_gradients_that_wait_are_in_the_checkpoint(tiny, tmp_path):
    wrapper = dict(
        type='OptimWrapper', accumulative_counts=3, optimizer=dict(type='SGD', lr=0.05)
    )
    ends = []
    for start in (None, 4):
        path = start and str(tmp_path / f'iter_{start}.pth')
        runner, _ = run(tiny, tmp_path, load_from=path, resume=bool(start), train=False)
        runner.optim_wrapper = dict(wrapper)
        runner.train()
        ends.append(end_of(tmp_path))
    assert all(torch.equal(value, ends[0][name]) for name, value in ends[1].items())
    waiting = torch.load(tmp_path / 'iter_4.pth', weights_only=True)['gradients']
    assert set(waiting) == {name for name, _ in runner.model.named_parameters()}
    assert 'gradients' not in torch.load(tmp_path / 'iter_3.pth', weights_only=True)


def test_what_a_step_draws_depends_on_its_number_and_the_seed():
    def drawn(seed, number):
        model = torch.nn.Linear(1, 1)
        runner = SimpleNamespace(seed=seed, iter=number, model=model)
        ResumeHook().before_train_iter(runner, batch_idx=0)
        return random.random(), np.random.rand(), float(torch.rand(()))

    first = drawn(1, 5)
    others = drawn(1, 6), drawn(2, 5)
    assert drawn(1, 5) == first
    assert len({*first, *others[0], *others[1]}) == 9


@pytest.fixture
def said(tiny, monkeypatch):
    """What the hook warns about."""
    from classroomkd_mm.engine.hooks import resume_hook

    messages = []
    monkeypatch.setattr(resume_hook, '_warn', messages.append)
    return messages


def test_an_epoch_of_another_length_begins_anew(tiny, tmp_path, said):
    run(tiny, tmp_path, save=3, epochs=1)
    path = str(tmp_path / 'iter_3.pth')
    loader = tiny.tiny_loader(batch_size=4, shuffle=True)
    _, seen = run(tiny, tmp_path, loader=loader, load_from=path, resume=True, epochs=1)
    assert 'after 3 of 4 batches, but now there are 5' in said[0]
    assert [one[2] for one in seen] == [0, 1, 2, 3, 4]


def test_a_checkpoint_that_does_not_know_the_place(tiny, tmp_path, said):
    from mmengine.dataset import pseudo_collate

    run(tiny, tmp_path, epochs=1, save=3)
    content = torch.load(tmp_path / 'iter_3.pth', weights_only=True)
    del content['meta']['place']
    torch.save(content, tmp_path / 'old.pth')
    data = tiny.TinyData()
    sampler = InfiniteSampler(data, seed=0)
    loader = DataLoader(data, 5, sampler=sampler, collate_fn=pseudo_collate)
    _, seen = run(
        tiny,
        tmp_path,
        loader=loader,
        train_cfg=dict(by_epoch=False, max_iters=5),
        load_from=str(tmp_path / 'old.pth'),
        resume=True,
    )
    assert 'does not say which samples' in said[0]
    assert len(seen) == 2


def test_data_without_an_index_are_left_to_mmengine(tiny, tmp_path):
    from mmengine.dataset import pseudo_collate

    class Stream(IterableDataset):
        def __len__(self):
            return 20

        def __iter__(self):
            yield from map(tiny.TinyData().__getitem__, range(20))

    seen = []
    for start in (None, 3):
        _, batches = run(
            tiny,
            tmp_path,
            loader=DataLoader(Stream(), 4, collate_fn=pseudo_collate),
            train_cfg=dict(by_epoch=False, max_iters=5),
            load_from=start and str(tmp_path / f'iter_{start}.pth'),
            resume=bool(start),
        )
        seen.append(batches)
    assert seen[1] == seen[0][3:]
