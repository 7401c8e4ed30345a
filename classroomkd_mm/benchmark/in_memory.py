# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The trainings of a comparison of classifiers, with everything in memory.

MMEngine's loop loads each image again and again, and reports on each iteration. Next to
a network as small as the students of the `cifar100` suites, that takes longer than the
training itself on a GPU. Here the views are rendered once, the mentors run once, the
loop is bare, and on a GPU its iterations are recorded as CUDA graphs. Student, mentors,
distiller, losses, initial weights, order of the samples, views, optimizer and schedule
are those of the configs that the benchmark writes, and `--collect` makes the page of
the results.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch import Tensor, nn

from ..engine.hooks.student_config_hook import StudentConfigHook
from .configs import common_config
from .images_in_memory import BATCH, GivenOutputs, Images, load
from .method import find_methods
from .plan import Plan, Run
from .record import is_finished, write_record
from .recorded_step import RecordedStep
from .start import write_start
from .suite import Suite, check_files

BEGUN = 'begun'
"""File in the work dir of a run that a process has begun."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what has not been trained.

    Args:
        arguments (Sequence[str], optional): Defaults to those of the process.

    Raises:
        ValueError: If the suite has no views, or a method needs more than outputs.
    """
    parser = argparse.ArgumentParser(prog='in_memory.py', description=__doc__)
    parser.add_argument('suite', help='a suite of classifiers with cached views')
    parser.add_argument('--methods', nargs='+', required=True)
    parser.add_argument('--seeds', type=int, nargs='+')
    parser.add_argument('--out', type=Path)
    args = parser.parse_args(arguments)
    suite = Suite.read(args.suite)
    if suite.task != 'classification' or not suite.cache:
        raise ValueError(
            f'The suite {suite.name!r} is not one of classifiers with cached views: '
            'train it with the benchmark itself.'
        )
    plan = Plan(
        suite,
        find_methods(suite.task, args.methods),
        suite.seeds if args.seeds is None else args.seeds,
        args.out or Path('work_dirs', 'benchmark', suite.name),
        strict=True,
    )
    plan.check()
    check_files(suite)
    train_all(plan)


def train_all(plan: Plan) -> None:
    """Train the runs of a plan one after the other.

    Another process may do so at the same time: a run that one has begun is left to it.

    Args:
        plan (Plan): The plan.

    Raises:
        ValueError: If a method needs a hook in each iteration, or the suite trains
            mentors first.
    """
    common = common_config(plan.suite, 0)
    for job in plan.jobs:
        hooks = set(job.runs[-1].config.default_hooks) - set(common.default_hooks)
        if hooks:
            raise ValueError(
                f'The method {job.method.name!r} needs a hook in each iteration '
                f'({", ".join(hooks)}): train it with the benchmark itself.'
            )
    if plan.pretraining:
        raise ValueError(
            f'The suite {plan.suite.name!r} trains mentors first: train it with the '
            'benchmark itself.'
        )
    plan.write()
    for seed in plan.seeds:
        write_start(plan.start(seed).with_suffix('.py'), plan.start(seed))
    views = Runner.build_dataloader(dict(common.train_dataloader), seed=0).dataset
    train = load(views, views.num_views)
    test = load(Runner.build_dataloader(dict(common.val_dataloader)).dataset)
    outputs: dict[str, Tensor] = {}
    for job in plan.jobs:
        if is_finished(job.folder):
            continue
        if not begin(job.folder):
            print(
                f'{job.runs[-1].title}: left to the process that began it. If that was '
                f'interrupted, delete {job.folder / BEGUN}.',
                flush=True,
            )
            continue
        names = cached_mentors(job.runs[-1])
        if not set(names) <= set(outputs):
            outputs |= say(job.runs[-1], train)
        given = torch.stack([outputs[n] for n in names], 1) if names else None
        for stage in job.runs[:-1]:
            train_one(stage, train, test, None)
        _, accuracy = train_one(job.runs[-1], train, test, given)
        print(f'{job.runs[-1].title}: {accuracy:.2f}', flush=True)


def cached_mentors(run: Run) -> list[str]:
    """Name the mentors of a run that it needs nothing of but their outputs.

    Args:
        run (Run): The run.

    Returns:
        list[str]: The names; none of a student alone, or where mentors run in each
        iteration.
    """
    return list(run.config.model.mentors) if 'mentor_cache' in run.config.model else []


def begin(folder: Path) -> bool:
    """Reserve a run for this process.

    Args:
        folder (Path): Its work dir.

    Returns:
        bool: False if another process has begun it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        os.close(os.open(folder / BEGUN, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


@torch.no_grad()
def say(run: Run, images: Images) -> dict[str, Tensor]:
    """Run the mentors of a run.

    Args:
        run (Run): The run.
        images (Images): Of the training.

    Returns:
        dict[str, Tensor]: By name (V * N, C), float16 as in a cache.
    """
    model = runner_of(run.config, run.folder / 'mentors').model.eval()
    outputs = []
    for part in torch.arange(len(images.inputs)).split(BATCH):
        data = model.data_preprocessor(images.batch(part), True)
        said = model.mentors(data['inputs'], data['data_samples'])
        outputs.append(torch.stack(said, 1).half().cpu())
    return dict(zip(model.mentors.names, torch.cat(outputs).unbind(1), strict=True))


def runner_of(config: Config, folder: Path, are_given: bool = False) -> Runner:
    """Build the runner of a training without a cache and without its hooks.

    Args:
        config (Config): Config of the run.
        folder (Path): A work dir.
        are_given (bool): Whether the mentors will not run. Defaults to False.

    Returns:
        Runner: The runner.
    """
    cfg = Config(config.to_dict(), format_python_code=False)
    cfg.model.pop('mentor_cache', None)
    if are_given:
        cfg.model.dry_run = False
        for mentor in cfg.model.mentors.values():
            mentor.fast = False
    if torch.cuda.is_available():
        cfg.optim_wrapper.optimizer.fused = True
    cfg.work_dir, cfg.custom_hooks, cfg.log_level = str(folder), [], 'WARNING'
    return Runner.from_cfg(cfg)


def train_one(
    run: Run, train: Images, test: Images, outputs: Tensor | None
) -> tuple[nn.Module, float]:
    """Train, evaluate, and write the record and the last checkpoint.

    Args:
        run (Run): The run.
        train (Images): All views of the training images.
        test (Images): The test images.
        outputs (Tensor, optional): Of n mentors, (V * N, n, C); None for the student
            alone, or where the mentors run in each iteration.

    Returns:
        tuple: The model, and the accuracy in per cent.
    """
    began = time.monotonic()
    runner = runner_of(run.config, run.folder, outputs is not None)
    # As at the start of Runner.train.
    loop = runner._train_loop = runner.build_train_loop(runner._train_loop)
    optimizer = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.optim_wrapper = optimizer
    schedulers = runner.build_param_scheduler(runner.param_schedulers)
    runner._init_model_weights()
    model = runner.model
    parameters = [p for p in model.parameters() if p.requires_grad]
    device = parameters[0].device
    train, test = train.to(device), test.to(device)
    if outputs is not None:
        model.mentors = GivenOutputs(outputs.to(device))
    model.train()
    step, how = fastest_step(model, optimizer, train, loop.dataloader)
    for epoch in range(loop.max_epochs):
        loop.dataloader.sampler.set_epoch(epoch)
        for indices in loop.dataloader.batch_sampler:
            step(torch.tensor(indices))
            for scheduler in schedulers:
                if not scheduler.by_epoch:
                    scheduler.step()
        for scheduler in schedulers:
            if scheduler.by_epoch:
                scheduler.step()
    right, labels = answers(model, test)
    accuracy = 100 * right.mean().item()
    record = dict(
        iteration=loop.max_iters,
        iterations=loop.max_iters,
        seconds=time.monotonic() - began,
        finished=True,
        metrics={'accuracy/top1': accuracy},
        by_class=[100 * right[labels == c].mean().item() for c in labels.unique()],
        trained_parameters=sum(p.numel() for p in parameters),
        device=torch.cuda.get_device_name(device) if device.type == 'cuda' else 'CPU',
        torch=torch.__version__,
        loop=how,
    )
    save(runner, run)
    write_record(run.folder, record)
    return model, accuracy


def fastest_step(
    model: nn.Module, optimizer: Any, train: Images, loader: Any
) -> tuple[Callable[[Tensor], Any], str]:
    """Say how to run an iteration: on a GPU from a CUDA graph, where that can be had.

    Args:
        model (nn.Module): What it trains.
        optimizer (OptimWrapper): What updates it.
        train (Images): The training images.
        loader (DataLoader): That of the loop, for the sizes of its batches.

    Returns:
        tuple: The iteration, which takes the indices of its batch, int64 (B,), and its
        name in the record.
    """
    device = train.inputs.device

    def step(indices: Tensor) -> None:
        indices = indices.to(device)
        data = model.data_preprocessor(train.batch(indices), True)
        if isinstance(getattr(model, 'mentors', None), GivenOutputs):
            model.mentors.indices = indices
        losses = model(**data, mode='loss')
        optimizer.update_params(model.parse_losses(losses)[0])

    if device.type == 'cuda':
        sizes = {loader.batch_size, len(loader.sampler) % loader.batch_size} - {0}
        try:
            recorded = RecordedStep(step, model, optimizer.optimizer, sizes)
            return recorded, 'in memory, CUDA graph'
        except RuntimeError as error:
            print(f'Not recorded as a CUDA graph: {error}', flush=True)
    return step, 'in memory'


def save(runner: Runner, run: Run) -> None:
    """Save what a training ends with, for those that build on it.

    Args:
        runner (Runner): Its runner.
        run (Run): The run.
    """
    StudentConfigHook().before_train(runner)
    runner.save_checkpoint(
        str(run.folder),
        run.checkpoint.name,
        save_optimizer=False,
        save_param_scheduler=False,
    )


@torch.no_grad()
def answers(model: nn.Module, test: Images) -> tuple[Tensor, Tensor]:
    """Compare the predictions for all test images with their labels.

    Args:
        model (nn.Module): The model.
        test (Images): The test images, where the model is.

    Returns:
        tuple: Whether each is right, float32 (N,), and the labels, int64 (N,), on the
        CPU.
    """
    model.eval()
    found = []
    for part in torch.arange(len(test.inputs)).split(BATCH):
        data = model.data_preprocessor(test.batch(part.to(test.labels.device)), False)
        found.append(model(data['inputs'], mode='tensor').argmax(1))
    return (torch.cat(found) == test.labels).float().cpu(), test.labels.cpu()
