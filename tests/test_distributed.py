# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Promise 5: two processes with half a batch each compute what one does with it all.

Two real processes, which talk through gloo, work off all cases at once; starting
them is what takes the time. What one process computes is computed right here.
"""

import importlib
import json
import os
import socket

import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing

from classroomkd_mm import classroom_loss

pytestmark = pytest.mark.slow

FILTERS = {
    'sample': dict(level='sample'),
    'batch': dict(level='batch'),
    'rounded': dict(level='batch', rank_decimals=2),
}
MENTORING = ('gap', 'dtkd')
SHARES = {'halves': [0, 4, 8], 'uneven': [0, 6, 8], 'nothing': [0, 8, 8]}


# What every process computes --------------------------------------------------


def share_of_losses(share, **options):
    """classroom_loss on a part of a batch of 8, one of whose outputs is broken."""
    generator = torch.Generator().manual_seed(3)
    student = torch.randn(8, 5, generator=generator)
    mentors = 2 * torch.randn(3, 8, 5, generator=generator)
    labels = torch.randint(5, (8,), generator=generator)
    mentors[:2, range(8), labels] += 1.5
    mentors[2, 1] = float('nan')
    logits = student[share].clone().requires_grad_()
    out = classroom_loss(logits, mentors[:, share], labels[share], **options)
    out.total.backward()
    result = {name: value.detach() for name, value in out._asdict().items()}
    return result | dict(grad=logits.grad)


def classroom(level):
    """Norms in eval mode: those in training mode see the share of the process."""
    import tiny_classroom as tiny

    return tiny.build_classroom(
        architecture=tiny.net(backbone=dict(norm_eval=True)),
        distiller=dict(
            type='ClassroomDistiller',
            knowledge_filter=dict(type='KnowledgeFilter', **FILTERS[level]),
        ),
    )


def step(level, rank, world):
    """Losses and gradients of one step on every world-th sample of a batch."""
    import tiny_classroom as tiny
    from mmengine.model import MMDistributedDataParallel

    model = classroom(level).train()
    wrapped = MMDistributedDataParallel(model) if world > 1 else model
    data = {name: values[rank::world] for name, values in tiny.batch(size=8).items()}
    losses = wrapped(*tiny.prepared(model, data), mode='loss')
    sum(losses.values()).backward()
    return (
        {name: loss.detach() for name, loss in losses.items()},
        {name: parameter.grad for name, parameter in model.named_parameters()},
    )


def whole_run(level, world, folder):
    """Two epochs through the Runner, with the hook's report."""
    import tiny_classroom as tiny
    from mmengine.model import MMDistributedDataParallel

    model = classroom(level)
    runner = tiny.run(
        folder,
        MMDistributedDataParallel(model) if world > 1 else model,
        hooks=[dict(type='mmrazor.ClassroomHook', interval=2)],
        loader=tiny.tiny_loader(size=24, batch_size=8 // world, shuffle=True),
        launcher='pytorch' if world > 1 else 'none',
    )
    assert not any('mentors' in name for name, _ in runner.model.named_buffers())
    return model.state_dict()


def run_by_iteration(world, folder):
    """Three iterations, a checkpoint after two, and the mentors at validation."""
    import tiny_classroom as tiny
    from mmengine.model import MMDistributedDataParallel

    model = classroom('sample')
    runner = tiny.run(
        folder,
        MMDistributedDataParallel(model) if world > 1 else model,
        hooks=[dict(type='mmrazor.ClassroomHook', interval=2)],
        loader=tiny.tiny_loader(size=24, batch_size=8 // world, shuffle=True),
        train_cfg=dict(by_epoch=False, max_iters=3),
        default_hooks=dict(
            checkpoint=dict(type='CheckpointHook', interval=2, by_epoch=False)
        ),
        val_dataloader=tiny.tiny_loader(size=24, batch_size=8 // world),
        val_cfg=dict(type='mmrazor.ClassroomValLoop'),
        val_evaluator=dict(type='mmpretrain.Accuracy'),
        launcher='pytorch' if world > 1 else 'none',
    )
    scalars = runner.message_hub.log_scalars
    names = [name for name in scalars if name.endswith('accuracy/top1')]
    return {name: torch.tensor(float(scalars[name].current())) for name in names}


# The two processes ------------------------------------------------------------


def process(rank, port, folder):
    """Work off all cases, and leave the results in the folder."""
    os.environ.update(
        MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port), RANK=str(rank),
        LOCAL_RANK=str(rank), WORLD_SIZE='2',
    )  # fmt: skip
    torch.set_num_threads(1)
    dist.init_process_group('gloo', rank=rank, world_size=2)
    results = {}
    for case, splits in SHARES.items():
        share = slice(splits[rank], splits[rank + 1])
        for filtering, options in FILTERS.items():
            for mentoring in MENTORING:
                results[case, filtering, mentoring] = share_of_losses(
                    share, mentoring=mentoring, **options
                )
    for level in FILTERS:
        results['step', level] = step(level, rank, 2)
    for level in ('sample', 'batch'):
        results['run', level] = whole_run(level, 2, folder / f'two_{level}')
    results['by iteration'] = run_by_iteration(2, folder / 'two_by_iteration')
    torch.save(results, folder / f'{rank}.pt')
    dist.destroy_process_group()


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Where the two processes have left their results."""
    folder = tmp_path_factory.mktemp('distributed')
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    # A process finds it by the name of its module, which pytest has changed.
    module = importlib.import_module('test_distributed')
    multiprocessing.spawn(module.process, (port, folder), nprocs=2)
    return folder


@pytest.fixture(scope='module')
def processes(folder):
    """The results of both."""
    return [torch.load(folder / f'{rank}.pt', weights_only=True) for rank in (0, 1)]


@pytest.mark.parametrize('mentoring', MENTORING)
@pytest.mark.parametrize('filtering', FILTERS)
@pytest.mark.parametrize('case', SHARES)
def test_classroom_loss(processes, case, filtering, mentoring):
    shares = [results[case, filtering, mentoring] for results in processes]
    whole = share_of_losses(slice(8), mentoring=mentoring, **FILTERS[filtering])
    for name in ('log_scores', 'ranks', 'active', 'temperatures'):
        joined = torch.cat([share[name] for share in shares], dim=1)
        torch.testing.assert_close(joined, whole[name], equal_nan=True, msg=name)
    for share in shares:
        torch.testing.assert_close(share['task_weight'], whole['task_weight'])
        assert share['total'].isfinite()
    if case != 'halves':
        return
    for name in ('total', 'distill', 'task'):
        mean = (shares[0][name] + shares[1][name]) / 2
        torch.testing.assert_close(mean, whole[name], msg=name)
    # DDP takes the mean of the gradients of its processes.
    joined = torch.cat([share['grad'] / 2 for share in shares])
    torch.testing.assert_close(joined, whole['grad'])


@pytest.mark.parametrize('level', FILTERS)
def test_step_of_a_classroom(processes, level):
    losses, gradients = step(level, 0, 1)
    shares = [results['step', level] for results in processes]
    for name, loss in losses.items():
        mean = (shares[0][0][name] + shares[1][0][name]) / 2
        torch.testing.assert_close(mean, loss, msg=name)
    for _, synchronised in shares:
        assert synchronised.keys() == gradients.keys()
        for name, gradient in gradients.items():
            torch.testing.assert_close(synchronised[name], gradient, msg=name)


@pytest.mark.parametrize('level', ['sample', 'batch'])
def test_whole_run(folder, processes, tmp_path, level):
    expected = whole_run(level, 1, tmp_path)
    for results in processes:
        assert results['run', level].keys() == expected.keys()
        for name, value in expected.items():
            torch.testing.assert_close(
                results['run', level][name], value, rtol=1e-4, atol=1e-5, msg=name
            )
    two = same_reports(tmp_path, folder / f'two_{level}')
    assert [line['epoch'] for line in two] == [1, 2]
    assert [line['iter'] for line in two] == [3, 6]


def test_run_by_iteration(folder, processes, tmp_path):
    expected = run_by_iteration(1, tmp_path)
    assert len(expected) == 3
    for results in processes:
        assert results['by iteration'] == expected
    two = same_reports(tmp_path, folder / 'two_by_iteration')
    assert [line['iter'] for line in two] == [2, 3]


def same_reports(*folders):
    """Compare the reports of one process and of two, and return the latter."""
    one, two = (
        [json.loads(line) for line in (path / 'classroom.jsonl').open()]
        for path in folders
    )
    for expected, line in zip(one, two, strict=True):
        assert line['student'] == pytest.approx(expected['student'], rel=1e-4)
        for name, values in expected['mentors'].items():
            # A mentor that taught nothing has the temperature None.
            got = {key: value or 0 for key, value in line['mentors'][name].items()}
            wanted = {key: value or 0 for key, value in values.items()}
            assert got == pytest.approx(wanted, rel=1e-3)
    return two
