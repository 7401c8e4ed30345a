# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Training pose models on drawn figures, with and without a cache of the mentors."""

import cached_classroom as cc
import tiny_pose as tp
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

import classroomkd_mm.datasets.stick_figures  # noqa: F401
import classroomkd_mm.engine  # noqa: F401

HEADS = dict(
    heatmaps=lambda: tp.heatmap_head(),
    simcc=lambda: tp.simcc_head(),
)


class NormsInEvalMode(Hook):
    """Let the student's norms keep their statistics, so that batches may be parted."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        for module in runner.model.modules():
            if isinstance(module, nn.modules.batchnorm._NormBase):
                module.eval()


def mentors(folder, kind):
    """One like the student, and one that sees larger crops and lacks a keypoint."""
    large = tp.heatmap_head(16, tp.codec(input_size=tp.LARGE_INPUT))
    keypoints = [*range(16), None]
    named = dict(
        same=dict(model=tp.pose_net(HEADS[kind]())),
        large=dict(model=tp.pose_net(large), keypoint_map=keypoints),
    )
    for seed, (name, cfg) in enumerate(named.items()):
        path = folder / f'{name}.pth'
        if not path.exists():
            torch.manual_seed(seed)
            torch.save(tp.build(cfg['model']).state_dict(), path)
        cfg['ckpt'] = str(path)
    return named


def train(
    folder, figures, name, kind, mentor_cache=None, world=1, hooks=(), optim=None,
    **model,
):  # fmt: skip
    """Train for 20 steps in a fixed order."""
    head = HEADS[kind]()
    record = cc.RecordLosses()
    dataset = dict(
        type='StickFiguresDataset',
        split='train',
        num_images=8,
        data_root=str(figures),
        pipeline=[
            dict(type='LoadImage'),
            dict(type='GetBBoxCenterScale'),
            dict(type='RandomFlip', direction='horizontal'),
            dict(type='RandomBBoxTransform'),
            dict(
                type='ClassroomTopdownAffine',
                input_size=tp.INPUT,
                mentor_sizes=[tp.LARGE_INPUT],
            ),
            dict(type='GenerateTarget', encoder=head['decoder']),
            dict(type='PackClassroomInputs'),
        ],
    )
    sampler = dict(type='DefaultSampler', shuffle=False)
    if mentor_cache is None:
        dataset = dict(type='SeededViews', dataset=dataset, num_views=2)
        sampler = dict(type='SeededViewSampler', sampler=sampler)
    runner = Runner(
        dict(
            type='mmrazor.ClassroomDistill',
            architecture=tp.pose_net(head),
            mentors=mentors(folder, kind),
            mentor_cache=mentor_cache,
        )
        | model,
        str(folder / name),
        train_dataloader=dict(
            batch_size=2 // world, num_workers=0, dataset=dataset, sampler=sampler
        ),
        train_cfg=dict(by_epoch=True, max_epochs=5),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01)) | (optim or {}),
        default_hooks=dict(checkpoint=None, logger=dict(type='LoggerHook', interval=9)),
        custom_hooks=[dict(type='mmrazor.ClassroomHook'), record, *hooks],
        default_scope='mmpose',
        experiment_name=f'{name}_{id(record)}',
        randomness=dict(seed=0),
        launcher='pytorch' if world > 1 else 'none',
    )
    runner.train()
    model = getattr(runner.model, 'module', runner.model)
    return record.losses, dict(model.state_dict()), model


def train_in_two(rank, folder):
    """Train in one of two processes: without a cache, with an empty and a full one."""
    folder.mkdir(exist_ok=True)
    if rank == 0:
        mentors(folder, 'heatmaps')
    torch.distributed.barrier()
    caches = dict(plain=None, cold=full_cache(folder), warm=full_cache(folder))
    return {name: train_20_steps(folder, name, 2, c) for name, c in caches.items()}


def full_cache(folder):
    """A cache that loses nothing."""
    return dict(path=str(folder / 'cache'), num_views=2, dtype='float32')


def train_20_steps(folder, name, world, cache=None):
    """Train with norms in eval mode, so that batches of 2 may be parted."""
    losses, weights, model = train(
        folder, folder / 'figures', name, 'heatmaps', cache, world, [NormsInEvalMode()]
    )
    needed = [m.name for m in model.mentors if getattr(m, '_mentor', m)]
    return dict(losses=losses, weights=weights, needed=needed)


def both_tasks_in_two(rank, folder):
    """Train classifiers and pose models in one of two processes."""
    return dict(
        classification=cc.train_in_two(rank, folder / 'classification'),
        pose=train_in_two(rank, folder / 'pose'),
    )
