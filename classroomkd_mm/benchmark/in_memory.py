# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The trainings of a comparison, with everything in memory.

MMEngine's loop loads each image again and again, and reports on each iteration. Next to
a network as small as the students of `cifar100` and `lsp`, that takes longer than the
training itself on a GPU. Here the views are rendered once, the mentors run once, the
loop is bare, and on a GPU its iterations are recorded as CUDA graphs. Student, mentors,
distiller, losses, initial weights, order of the samples, views, optimizer and schedule
are those of the configs that the benchmark writes, and `--collect` makes the page of
the results. Mentors that are trained first are trained in MMEngine's loop.
"""

import argparse
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmengine.utils import import_modules_from_strings
from torch import Tensor, nn

from ..engine.hooks.channels_last_hook import ChannelsLastHook
from ..engine.hooks.student_config_hook import StudentConfigHook
from .configs import common_config
from .images_in_memory import BATCH, GivenOutputs, Images, load
from .method import find_methods
from .people_in_memory import People, Validation, flip_channels
from .plan import Plan, Run
from .record import is_finished, write_record
from .recorded_step import RecordedStep, recordable
from .start import write_start
from .suite import Suite, check_files

BEGUN = 'begun'
"""File in the work dir of a run that a process has begun."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what has not been trained.

    Args:
        arguments (Sequence[str], optional): Defaults to those of the process.

    Raises:
        ValueError: If the suite has no cached views, or a method needs a hook in each
            iteration.
    """
    parser = argparse.ArgumentParser(prog='in_memory.py', description=__doc__)
    parser.add_argument('suite', help='a suite with cached views')
    parser.add_argument('--methods', nargs='+', required=True)
    parser.add_argument('--seeds', type=int, nargs='+')
    parser.add_argument('--out', type=Path)
    parser.add_argument('--jobs', type=int, default=1, help='trainings at a time')
    args = parser.parse_args(arguments)
    suite = Suite.read(args.suite)
    if not suite.cache:
        raise ValueError(
            f'The suite {suite.name!r} has no cached views: train it with the '
            'benchmark itself.'
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
    train_all(plan, args.jobs)


def train_all(plan: Plan, jobs: int = 1) -> None:
    """Train the runs of a plan.

    Another process may do so at the same time: a run that one has begun is left to it.

    Args:
        plan (Plan): The plan.
        jobs (int): How many at a time. Defaults to 1, in this process.

    Raises:
        ValueError: If a method needs a hook in each iteration.
        RuntimeError: If mentors have to be trained first, and another process has
            begun to.
    """
    common = common_config(plan.suite, 0)
    for job in plan.jobs:
        hooks = set(job.runs[-1].config.default_hooks) - set(common.default_hooks)
        if hooks:
            raise ValueError(
                f'The method {job.method.name!r} needs a hook in each iteration '
                f'({", ".join(hooks)}): train it with the benchmark itself.'
            )
    plan.write()
    for run in plan.pretraining.values():
        train_mentor(run)
    for seed in plan.seeds:
        write_start(plan.start(seed).with_suffix('.py'), plan.start(seed))
    import_modules_from_strings(**common.custom_imports)
    train, test = load_training(common), load_validation(common)
    parts = (plan, train, test, outputs_for(plan, train))
    if jobs == 1:
        work(0, *parts)
    else:
        torch.multiprocessing.spawn(work, parts, jobs)


def outputs_for(plan: Plan, train: Images | People) -> dict[str, Tensor]:
    """Run the mentors that trainings which are left need outputs of.

    Args:
        plan (Plan): The plan.
        train (Images | People): All views of the training images.

    Returns:
        dict[str, Tensor]: By name, see :func:`say`.
    """
    outputs: dict[str, Tensor] = {}
    for job in plan.jobs:
        needed = set(cached_mentors(job.runs[-1]))
        if not is_finished(job.folder) and not needed <= set(outputs):
            outputs |= say(job.runs[-1], train)
    return outputs


def work(
    number: int,
    plan: Plan,
    train: Images | People,
    test: Images | Validation,
    outputs: Mapping[str, Tensor],
) -> None:
    """Train, one after the other, the runs that no process has begun.

    Args:
        number (int): Of this process.
        plan (Plan): The plan.
        train (Images | People): All views of the training images.
        test (Images | Validation): The test images.
        outputs (Mapping[str, Tensor]): Of the mentors.
    """
    import_modules_from_strings(**common_config(plan.suite, 0).custom_imports)
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
        for stage in job.runs[:-1]:
            train_one(stage, train, test, None)
        names = cached_mentors(job.runs[-1])
        given = torch.stack([outputs[n] for n in names], 1) if names else None
        _, metric = train_one(job.runs[-1], train, test, given)
        print(f'{job.runs[-1].title}: {metric:.4g}', flush=True)


def train_mentor(run: Run) -> None:
    """Train a mentor as `mim train` does, if it has not been trained.

    Args:
        run (Run): Its training, the config written.

    Raises:
        RuntimeError: If another process has begun to.
    """
    if is_finished(run.folder):
        return
    if not begin(run.folder):
        raise RuntimeError(
            f'{run.title} is being trained by another process: start this one again '
            f'when it is. If that was interrupted, delete {run.folder / BEGUN}.'
        )
    cfg = Config.fromfile(run.path)
    cfg.work_dir = str(run.folder)
    Runner.from_cfg(cfg).train()


def load_training(common: Config, num_workers: int = 1) -> Images | People:
    """Load the samples of the trainings.

    Args:
        common (Config): What the runs have in common.
        num_workers (int): Processes that load. Defaults to 1.

    Returns:
        Images | People: All views, on the CPU.
    """
    init_default_scope(common.default_scope)
    views = Runner.build_dataloader(dict(common.train_dataloader), seed=0).dataset
    kind = People if is_pose(common) else Images
    return load(views, views.num_views, num_workers, kind)


def load_validation(common: Config) -> Images | Validation:
    """Load the samples of the validations.

    Args:
        common (Config): What the runs have in common.

    Returns:
        Images | Validation: Something that measures a model.
    """
    init_default_scope(common.default_scope)
    loader = Runner.build_dataloader(dict(common.val_dataloader))
    if is_pose(common):
        return Validation.load(loader, common.val_evaluator)
    return load(loader.dataset)


def is_pose(config: Config) -> bool:
    """Say whether a training is of a pose model.

    Args:
        config (Config): Its config.

    Returns:
        bool: False for a classifier.
    """
    return config.default_scope == 'mmpose'


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
def say(run: Run, images: Images | People) -> dict[str, Tensor]:
    """Run the mentors of a run.

    Args:
        run (Run): The run.
        images (Images | People): Of the training.

    Returns:
        dict[str, Tensor]: By name (V * N, …), float16 as in a cache.
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
        cfg.optim_wrapper.optimizer.update(recordable(cfg.optim_wrapper.optimizer.type))
    if is_pose(cfg):
        # What MMPose reports of a batch is computed on the CPU.
        cfg.model.train_cfg = dict(cfg.model.get('train_cfg') or {}, compute_acc=False)
    cfg.work_dir, cfg.custom_hooks, cfg.log_level = str(folder), [], 'WARNING'
    runner = Runner.from_cfg(cfg)
    if is_pose(cfg):
        flip_channels(runner.model.data_preprocessor)
    return runner


def train_one(
    run: Run,
    train: Images | People,
    test: Images | Validation,
    outputs: Tensor | None,
) -> tuple[nn.Module, float]:
    """Train, evaluate, and write the record and the last checkpoint.

    Args:
        run (Run): The run.
        train (Images | People): All views of the training images.
        test (Images | Validation): The test images.
        outputs (Tensor, optional): Of n mentors, (V * N, n, …); None for the student
            alone, or where the mentors run in each iteration.

    Returns:
        tuple: The model, and its first metric, such as the accuracy in per cent.
    """
    began = time.monotonic()
    runner = runner_of(run.config, run.folder, outputs is not None)
    # As at the start of Runner.train.
    loop = runner._train_loop = runner.build_train_loop(runner._train_loop)
    optimizer = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.optim_wrapper = optimizer
    schedulers = runner.build_param_scheduler(runner.param_schedulers)
    runner._init_model_weights()
    if any(hook.type.endswith('ChannelsLastHook') for hook in run.config.custom_hooks):
        ChannelsLastHook().before_train(runner)
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
    measured = test.measure(model)
    record = dict(
        iteration=loop.max_iters,
        iterations=loop.max_iters,
        seconds=time.monotonic() - began,
        finished=True,
        **measured,
        trained_parameters=sum(p.numel() for p in parameters),
        device=torch.cuda.get_device_name(device) if device.type == 'cuda' else 'CPU',
        torch=torch.__version__,
        loop=how,
    )
    save(runner, run)
    write_record(run.folder, record)
    return model, next(iter(measured['metrics'].values()))


def fastest_step(
    model: nn.Module, optimizer: Any, train: Images | People, loader: Any
) -> tuple[Callable[[Tensor], Any], str]:
    """Say how to run an iteration: on a GPU from a CUDA graph, where that can be had.

    Args:
        model (nn.Module): What it trains.
        optimizer (OptimWrapper): What updates it.
        train (Images | People): The training images.
        loader (DataLoader): That of the loop, for the sizes of its batches.

    Returns:
        tuple: The iteration, which takes the indices of its batch, int64 (B,), and its
        name in the record.
    """
    device = train.inputs.device
    step = iteration(model, optimizer, train)
    if device.type == 'cuda':
        sizes = {loader.batch_size, len(loader.sampler) % loader.batch_size} - {0}
        try:
            recorded = RecordedStep(step, model, optimizer.optimizer, sizes)
            return recorded, 'in memory, CUDA graph'
        except RuntimeError as error:
            print(f'Not recorded as a CUDA graph: {error}', flush=True)
    return lambda indices: step(indices.to(device)), 'in memory'


def iteration(
    model: nn.Module, optimizer: Any, train: Images | People
) -> Callable[[Tensor], None]:
    """Write an iteration, which copies nothing to or from a GPU and does not wait.

    Args:
        model (nn.Module): What it trains.
        optimizer (OptimWrapper): What updates it.
        train (Images | People): The training images, where the model is.

    Returns:
        Callable[[Tensor], None]: It takes the indices of its batch, int64 (B,), there.
    """

    def step(indices: Tensor) -> None:
        data = model.data_preprocessor(train.batch(indices), True)
        if isinstance(getattr(model, 'mentors', None), GivenOutputs):
            model.mentors.indices = indices
        losses = model(**data, mode='loss')
        optimizer.update_params(model.parse_losses(losses)[0])

    return step


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
