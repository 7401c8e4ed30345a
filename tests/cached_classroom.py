# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Classrooms of mentors with checkpoints, and data with random transforms."""

import tiny_classroom as tiny
import torch
import torch.distributed as dist
from mmengine.dataset import (
    BaseDataset,
    DefaultSampler,
    InfiniteSampler,
    pseudo_collate,
)
from mmengine.hooks import Hook
from mmengine.model import MMDistributedDataParallel
from mmengine.registry import DATASETS, TRANSFORMS
from mmrazor.registry import MODELS
from torch.utils.data import DataLoader

from classroomkd_mm.datasets.seeded_view_sampler import SeededViewSampler
from classroomkd_mm.datasets.seeded_views import SeededViews
from classroomkd_mm.networks import build_network

HOOKS = [dict(type='mmrazor.ClassroomHook', interval=1)]


@TRANSFORMS.register_module(force=True)
class Noise:
    """Add noise to an image."""

    def __init__(self, strength=30):
        self.strength = strength

    def __call__(self, results):
        image = results['inputs'].float()
        image = image + self.strength * torch.rand_like(image)
        return dict(results, inputs=image.to(torch.uint8))


@TRANSFORMS.register_module(force=True)
class Pack:
    """Pack a sample as MMPretrain does."""

    def __call__(self, results):
        sample = tiny.DataSample().set_gt_label(results['gt_label'])
        return dict(inputs=results['inputs'], data_samples=sample)


@DATASETS.register_module(force=True)
class NoisyData(BaseDataset):
    """Images whose brightness tells the class, seen through noise."""

    METAINFO = dict(classes=tuple('abcd'))

    def __init__(self, size=20, strength=30, first=0, **options):
        self.size, self.first = size, first
        pipeline = [dict(type='Noise', strength=strength), dict(type='Pack')]
        super().__init__(pipeline=pipeline, **options)

    def load_data_list(self):
        data = tiny.TinyData(self.size + self.first)
        return [
            dict(inputs=data.images[i], gt_label=int(data.labels[i]))
            for i in range(self.first, len(data))
        ]


def loader(dataset=None, batch_size=5, shuffle=False, endless=False, **options):
    """A data loader as a config describes it."""
    dataset = dataset or NoisyData()
    kind = InfiniteSampler if endless else DefaultSampler
    sampler = kind(dataset, shuffle=shuffle, seed=0)
    return DataLoader(
        dataset, batch_size, sampler=sampler, collate_fn=pseudo_collate, **options
    )


def views_loader(num_views=2, seed=0, **options):
    """The same of seeded views, without a cache."""
    plain = loader(**options)
    views = SeededViews(plain.dataset, num_views, seed)
    sampler = type(plain.sampler)(views, shuffle=plain.sampler.shuffle, seed=0)
    return DataLoader(
        views,
        plain.batch_size,
        sampler=SeededViewSampler(views, sampler),
        collate_fn=pseudo_collate,
        num_workers=plain.num_workers,
    )


class School:
    """Classrooms with the same student and mentors, whose weights are in files."""

    def __init__(self, folder, write=True):
        self.folder = folder
        self.mentors = {
            name: dict(model=tiny.net(channels), ckpt=str(folder / f'{name}.pth'))
            for name, channels in dict(a=6, b=8).items()
        }
        for name in self.mentors if write else ():
            self.save(name)

    def save(self, name, seed=0):
        """Write other weights of a mentor."""
        torch.manual_seed(seed)
        network = tiny.stir(build_network(self.mentors[name]['model']))
        torch.save(network.state_dict(), self.mentors[name]['ckpt'])

    def cache(self, **options):
        """The line of the config."""
        return dict(path=str(self.folder / 'cache'), num_views=2) | options

    def build(self, mentor_cache=None, mentors=None, **options):
        """A classroom whose student always starts the same."""
        torch.manual_seed(0)
        model = MODELS.build(
            tiny.classroom_config(
                mentors or self.mentors, mentor_cache=mentor_cache, **options
            )
        )
        for module in model.modules():
            module._is_init = True  # or the Runner would give it other weights
        return model

    def connected(self, data=None, mentor_cache=None, **options):
        """A classroom joined with its cache, and the data loader."""
        model = self.build(mentor_cache or self.cache(), **options)
        return model, model.connect_cache(data or loader())

    def filled(self, **options):
        """Fill the cache, as a run would."""
        from classroomkd_mm.mentors.cache.filling import fill, missing_entries

        model, data = self.connected(**options)
        for _ in fill(model, data, missing_entries(model.mentors)):
            pass
        return model

    def train(self, name, data, model=None, epochs=5, hooks=(), **options):
        """Train, and return losses, weights and the runner."""
        record = RecordLosses()
        runner = tiny.run(
            self.folder / name,
            self.build() if model is None else model,
            epochs=epochs,
            hooks=[*HOOKS, record, *hooks],
            loader=data,
            **options,
        )
        return record.losses, runner.model.state_dict(), runner


class RecordLosses(Hook):
    """Keep all losses of a run."""

    def __init__(self):
        self.losses = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.losses.append({k: v.detach().clone() for k, v in outputs.items()})


def train_in_two(rank, folder):
    """Train in one of two processes: without a cache, with an empty and a full one."""
    folder.mkdir(exist_ok=True)
    school = School(folder, write=rank == 0)
    dist.barrier()
    caches = dict(plain=None, cold=school.cache(dtype='float32'))
    caches['warm'] = caches['cold']
    return {name: train_20_steps(school, name, 2, c) for name, c in caches.items()}


def train_20_steps(school, name, world, cache=None):
    """Train with norms in eval mode, so that batches of 4 may be parted."""
    model = school.build(cache, architecture=tiny.net(backbone=dict(norm_eval=True)))
    needed = [m.name for m in model.mentors if getattr(m, '_mentor', m)]
    data = views_loader if cache is None else loader
    losses, _, _ = school.train(
        name,
        data(batch_size=4 // world),
        MMDistributedDataParallel(model) if world > 1 else model,
        epochs=4,
        launcher='pytorch' if world > 1 else 'none',
    )
    return dict(losses=losses, weights=dict(model.state_dict()), needed=needed)
