# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Training runs in child processes, which a SIGKILL ends where a test says.

A child is forked from the process of the tests, where all packages are imported.
"""

import gc
import json
import multiprocessing
import os
import signal
from pathlib import Path

import cached_classroom  # noqa: F401
import tiny_classroom as tiny
import torch
from mmengine.hooks import Hook

SAMPLES, BATCH_SIZE = 23, 5
STEPS = 40
MOMENTS = ('before_train_iter', 'after_train_iter', 'after_everything')


def die():
    """End this process as the kernel does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def exit_code(function, *args, **kwargs):
    """Run a function in a child process, and return the process's exit code."""
    gc.freeze()  # or a collection in the child would copy all pages
    context = multiprocessing.get_context('fork')
    process = context.Process(target=function, args=args, kwargs=kwargs)
    process.start()
    process.join()
    return process.exitcode


class Kill(Hook):
    """Kill the process in a step; before other hooks, or after all of them."""

    def __init__(self, step, moment):
        self.step, self.moment = step, moment
        last = moment == 'after_everything'
        self.priority = 'LOWEST' if last else 'HIGHEST'

    def before_train_iter(self, runner, *_, **__):
        if runner.iter == self.step and self.moment == 'before_train_iter':
            die()

    def after_train_iter(self, runner, *_, **__):
        if runner.iter == self.step and self.moment != 'before_train_iter':
            die()


def everything(model, by_epoch, sampler=None, workers=2, save=3, **checkpoints):
    """Options of a run in which nothing that has a state is left out."""
    data = dict(
        dataset=dict(type='NoisyData', size=SAMPLES),
        sampler=sampler or dict(type='DefaultSampler', shuffle=True),
        batch_size=BATCH_SIZE,
    )
    cfg = dict(by_epoch=False, max_iters=STEPS, val_interval=6)
    if by_epoch:
        cfg = dict(by_epoch=True, max_epochs=STEPS // 5, val_interval=2)
    saves = dict(type='CheckpointHook', interval=save, by_epoch=False, **checkpoints)
    return dict(
        model=model,
        train_cfg=cfg,
        loader=dict(data, num_workers=workers, persistent_workers=workers > 0),
        val_dataloader=dict(data, sampler=dict(type='DefaultSampler', shuffle=True)),
        val_cfg=dict(),
        val_evaluator=dict(type='mmpretrain.Accuracy'),
        default_hooks=dict(checkpoint=saves),
        log_processor=dict(by_epoch=by_epoch),
        param_scheduler=[
            dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=9),
            dict(type='CosineAnnealingLR', by_epoch=False, T_max=STEPS),
        ],
    )


OPTIM_WRAPPER = dict(
    type='OptimWrapper',
    accumulative_counts=2,
    clip_grad=dict(max_norm=1.0),
    optimizer=dict(type='AdamW', lr=0.02, weight_decay=0.01),
)


def train(folder, options, seed, resume=False, kill=None):
    """Train; the seed is the one of a new run, and another one when it is resumed."""
    hooks = [
        dict(type='mmrazor.ClassroomHook', interval=7),
        dict(type='EMAHook', momentum=0.1),
    ]
    model = options['model']() if callable(options['model']) else options['model']
    runner = tiny.run(
        folder,
        **{**options, 'model': model},
        hooks=[*hooks, *([Kill(*kill)] if kill else [])],
        train=False,
        resume=resume,
        randomness=dict(seed=seed),
    )
    runner.optim_wrapper = dict(OPTIM_WRAPPER)
    runner.train()
    return runner


def last_checkpoint(folder):
    """What `--resume` would read."""
    path = Path(folder, 'last_checkpoint').read_text()
    return torch.load(path, weights_only=True)


def report_of(folder):
    """Lines of the classroom's report."""
    lines = Path(folder, 'classroom.jsonl').read_text().splitlines()
    return [json.loads(line) for line in lines]


def flat(value, place=''):
    """All leaves of a checkpoint by their place in it."""
    if hasattr(value, 'items'):
        value = dict(value.items())
    elif isinstance(value, (list, tuple)):
        value = dict(enumerate(value))
    else:
        return {place: value}
    found = {}
    for key, part in value.items():
        found |= flat(part, f'{place}/{key}')
    return found


def assert_same(one, other):
    """Two checkpoints are equal to the last bit."""
    one, other = flat(one), flat(other)
    assert one.keys() == other.keys()
    for place, value in one.items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(value, other[place]), place
        else:
            assert value == other[place], place
