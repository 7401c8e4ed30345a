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
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmengine.utils import import_modules_from_strings
from torch import Tensor

from .command import number_of_jobs
from .configs import common_config
from .images_in_memory import METRIC, Images, load
from .method import find_methods
from .people_in_memory import People, Validation
from .plan import FAILURE, Job, Plan, Run
from .record import is_finished
from .running import exit_if_failed, locked, reason
from .start import write_start
from .suite import Suite, check_files
from .training_in_memory import is_pose, say, train_one

DISPENSABLE = {
    'RuntimeInfoHook', 'IterTimerHook', 'DistSamplerSeedHook', 'LoggerHook',
    'ParamSchedulerHook', 'CheckpointHook', 'SyncBuffersHook', 'VisualizationHook',
    'PoseVisualizationHook', 'BadCaseAnalysisHook', 'ChannelsLastHook',
    'ClassroomHook', 'RunRecordHook',
}  # fmt: skip
"""Hooks that the loop does not need: it does what they do to a training."""

BEGUN = 'begun'
"""File in the work dir of a run that a process has begun."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what has not been trained, and exit with 1 if a run failed.

    Args:
        arguments (Sequence[str], optional): Defaults to those of the process.

    Raises:
        ValueError: If the suite has no cached views, or the loop would train something
            else than the config says.
        RuntimeError: If the benchmark command is training in the folder.
    """
    parser = argparse.ArgumentParser(prog='in_memory.py', description=__doc__)
    parser.add_argument('suite', help='a suite with cached views')
    parser.add_argument('--methods', nargs='+', required=True)
    parser.add_argument('--seeds', type=int, nargs='+')
    parser.add_argument('--out', type=Path)
    parser.add_argument(
        '--jobs', type=number_of_jobs, default=1, help='trainings at a time'
    )
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
    with locked(plan.out, is_shared=True):
        train_all(plan, args.jobs)
    exit_if_failed(plan.jobs)


def check(plan: Plan) -> None:
    """Refuse a plan of which the loop would train or measure something else.

    Args:
        plan (Plan): The plan.

    Raises:
        ValueError: If it would; the message says what would have no effect, or which
            metrics it cannot measure.
    """
    suite = plan.suite
    others = [metric for metric in suite.metrics if metric != METRIC]
    if others and not is_pose(suite.config):
        raise ValueError(
            f'Of the metrics of the suite {suite.name!r}, {", ".join(others)} cannot '
            f'be measured in memory, where classifiers have {METRIC} alone: train it '
            'with the benchmark itself.'
        )
    for job in plan.jobs:
        for run in job.runs:
            found = list(without_effect(run.config))
            if found:
                raise ValueError(
                    f'The method {job.method.name!r} in the suite {suite.name!r} '
                    f'cannot be trained in memory, where {" and ".join(found)} would '
                    'have no effect: train it with the benchmark itself.'
                )


def without_effect(config: Config) -> Iterator[str]:
    """Find what changes a training, but not one in memory.

    Args:
        config (Config): The config of the training.

    Yields:
        str: What it is, as in the config.
    """
    default = config.get('default_hooks') or {}
    for name in (name for name, hook in default.items() if hook is None):
        yield f'default_hooks.{name}=None'
    for hook in (*filter(None, default.values()), *config.custom_hooks):
        kind = str(hook['type'])
        if kind.split('.')[-1] not in DISPENSABLE:
            yield f'the hook {kind}'
    for name, mentor in (config.model.get('mentors') or {}).items():
        if mentor.get('every', 1) != 1:
            yield f'every={mentor.every} of the mentor {name!r}'
    if not config.train_cfg.get('max_epochs'):
        yield 'a train_cfg that counts iterations'
    if config.optim_wrapper.get('accumulative_counts', 1) != 1:
        yield f'accumulative_counts={config.optim_wrapper.accumulative_counts}'


def train_all(plan: Plan, jobs: int = 1) -> None:
    """Train the runs of a plan.

    Another process may do so at the same time: a run that one has begun is left to it.

    Args:
        plan (Plan): The plan.
        jobs (int): How many at a time. Defaults to 1, in this process.

    Raises:
        ValueError: If the loop would train something else, or the names in a mentor's
            checkpoint do not fit the data set.
        RuntimeError: If mentors have to be trained first, and another process has
            begun to.
    """
    check(plan)
    plan.write()
    for run in plan.pretraining.values():
        train_mentor(run)
    for seed in plan.seeds:
        write_start(plan.start(seed).with_suffix('.py'), plan.start(seed))
    common = common_config(plan.suite, 0)
    import_modules_from_strings(**common.custom_imports)
    train, test = load_training(common), load_validation(common)
    parts = (plan, train, test, outputs_for(plan, train))
    forget_failures(plan)
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

    A failure does not stop the others, and none of the processes tries it again.

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
        if (job.folder / FAILURE).is_file():
            (job.folder / BEGUN).unlink()
        else:
            attempt(job, train, test, outputs)


def attempt(
    job: Job,
    train: Images | People,
    test: Images | Validation,
    outputs: Mapping[str, Tensor],
) -> None:
    """Do a job that this process has begun; a failure is kept, and no error is raised.

    Args:
        job (Job): The job.
        train (Images | People): All views of the training images.
        test (Images | Validation): The test images.
        outputs (Mapping[str, Tensor]): Of the mentors.
    """
    with suppress(Exception), free_if_it_fails(job.folder), failure_kept(job):
        for stage in job.runs[:-1]:
            train_one(stage, train, test)
        given = [outputs[name] for name in cached_mentors(job.runs[-1])]
        _, metric = train_one(job.runs[-1], train, test, given)
        print(f'{job.runs[-1].title}: {metric:.4g}', flush=True)


@contextmanager
def failure_kept(job: Job) -> Iterator[None]:
    """Print why a job fails, and keep the last line, before others can begin it.

    Args:
        job (Job): The job.
    """
    try:
        yield
    except Exception:
        traceback.print_exc()
        last = reason(traceback.format_exc())
        (job.folder / FAILURE).write_text(last, encoding='utf-8')
        print(f'{job.runs[-1].title}, failed: {last}', flush=True)
        raise


def forget_failures(plan: Plan) -> None:
    """Have what failed before be tried again, but for what another process has begun.

    Args:
        plan (Plan): The plan.
    """
    for job in plan.jobs:
        if not (job.folder / BEGUN).is_file():
            (job.folder / FAILURE).unlink(missing_ok=True)


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
    with free_if_it_fails(run.folder):
        cfg = Config.fromfile(run.path)
        cfg.work_dir = str(run.folder)
        Runner.from_cfg(cfg).train()


def load_training(common: Config) -> Images | People:
    """Load the samples of the trainings.

    Args:
        common (Config): What the runs have in common.

    Returns:
        Images | People: All views, on the CPU.
    """
    init_default_scope(common.default_scope)
    views = Runner.build_dataloader(dict(common.train_dataloader), seed=0).dataset
    return load(views, views.num_views, People if is_pose(common) else Images)


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


@contextmanager
def free_if_it_fails(folder: Path) -> Iterator[None]:
    """Let go of a run that :func:`begin` has reserved, if it fails or is interrupted.

    Args:
        folder (Path): Its work dir.
    """
    try:
        yield
    except BaseException:
        (folder / BEGUN).unlink()
        raise
