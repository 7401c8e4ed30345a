# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The trainings of a comparison of classifiers, with everything in memory.

MMEngine's loop loads each image again and again, and reports on each iteration. Next to
a network as small as the students of the `cifar100` suites, that takes longer than the
training itself on a GPU. Here the views are rendered once, the mentors run once, and
the loop is bare. Student, mentors, distiller, losses, initial weights, order of the
samples, views, optimizer and schedule are those of the configs that the benchmark
writes, and `--collect` makes the page of the results.
"""

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.dataset import default_collate
from mmengine.runner import Runner
from torch import Tensor
from torch.utils.data import DataLoader

from .configs import common_config
from .method import find_methods
from .plan import Plan, Run
from .record import is_finished, write_record
from .start import write_start
from .suite import Suite, check_files

BATCH = 500
BEGUN = 'begun'
"""File in the work dir of a run that a process has begun."""


class Images(NamedTuple):
    """A data set in memory.

    Attributes:
        inputs (Tensor): All views of all samples, uint8 (V * N, C, H, W).
        samples (list): The N samples with their labels.
    """

    inputs: Tensor
    samples: list[Any]

    def batch(self, indices: Sequence[int]) -> dict[str, Any]:
        """Put a batch together.

        Args:
            indices (Sequence[int]): As SeededViews counts them.

        Returns:
            dict[str, Any]: ``inputs`` and ``data_samples``, as a data loader gives.
        """
        samples = [self.samples[index % len(self.samples)] for index in indices]
        return dict(inputs=self.inputs[list(indices)], data_samples=samples)


class GivenOutputs:
    """Stands where the mentors do, and gives what they have said before.

    Args:
        outputs (Tensor): Of n mentors, (V * N, n, C).
    """

    def __init__(self, outputs: Tensor) -> None:
        self.outputs = outputs
        self.indices: Sequence[int] = ()

    def __call__(self, inputs: Tensor, *_: Any) -> list[Tensor]:
        """Look up the outputs of the batch of ``indices``.

        Args:
            inputs (Tensor): The images, (N, C, H, W).

        Returns:
            list[Tensor]: n outputs (N, C), float32.
        """
        batch = self.outputs[list(self.indices)].to(inputs.device, torch.float32)
        return list(batch.unbind(1))


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
        ValueError: If a method has stages, or runs its mentors in each iteration.
    """
    runs = [job.runs[-1] for job in plan.jobs]
    for job, run in zip(plan.jobs, runs, strict=True):
        if len(job.runs) > 1 or not (
            is_alone(run) or 'mentor_cache' in run.config.model
        ):
            raise ValueError(
                f'The method {job.method.name!r} needs more than the outputs of the '
                'mentors: train it with the benchmark itself.'
            )
    if plan.pretraining:
        raise ValueError(
            f'The suite {plan.suite.name!r} trains mentors first: train it with the '
            'benchmark itself.'
        )
    plan.write()
    for seed in plan.seeds:
        write_start(plan.start(seed).with_suffix('.py'), plan.start(seed))
    student = common_config(plan.suite, 0)
    views = Runner.build_dataloader(dict(student.train_dataloader), seed=0).dataset
    train = load(views, views.num_views)
    test = load(Runner.build_dataloader(dict(student.val_dataloader)).dataset)
    outputs: dict[str, Tensor] = {}
    for run in runs:
        if is_finished(run.folder):
            continue
        if not begin(run.folder):
            print(
                f'{run.title}: left to the process that began it. If that was '
                f'interrupted, delete {run.folder / BEGUN}.',
                flush=True,
            )
            continue
        names = [] if is_alone(run) else list(run.config.model.mentors)
        if not set(names) <= set(outputs):
            outputs |= say(run, train)
        given = torch.stack([outputs[n] for n in names], 1) if names else None
        _, accuracy = train_one(run, train, test, given)
        print(f'{run.title}: {accuracy:.2f}', flush=True)


def is_alone(run: Run) -> bool:
    """Whether a run has no mentors.

    Args:
        run (Run): The run.

    Returns:
        bool: True if so.
    """
    return not run.config.model.get('mentors')


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


def load(dataset: Any, num_views: int = 1) -> Images:
    """Send all views of a data set through its pipeline.

    Args:
        dataset (Dataset): The data set; with several views, SeededViews.
        num_views (int): How many.

    Returns:
        Images: All of it.
    """
    everything = range(num_views * len(dataset))
    loader = DataLoader(
        dataset, BATCH, sampler=everything, num_workers=1, collate_fn=default_collate
    )
    inputs, samples = [], []
    for batch in loader:
        inputs.append(batch['inputs'].clone())
        if len(samples) < len(dataset):
            samples += batch['data_samples']
    return Images(torch.cat(inputs), samples[: len(dataset)])


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
        data = model.data_preprocessor(images.batch(part.tolist()), True)
        said = model.mentors(data['inputs'], data['data_samples'])
        outputs.append(torch.stack(said, 1).half().cpu())
    return dict(zip(model.mentors.names, torch.cat(outputs).unbind(1), strict=True))


def runner_of(config: Config, folder: Path) -> Runner:
    """Build the runner of a training without a cache and without its hooks.

    Args:
        config (Config): Config of the run.
        folder (Path): A work dir.

    Returns:
        Runner: The runner.
    """
    cfg = Config(config.to_dict())
    cfg.model.pop('mentor_cache', None)
    cfg.work_dir, cfg.custom_hooks, cfg.log_level = str(folder), [], 'WARNING'
    return Runner.from_cfg(cfg)


def train_one(
    run: Run, train: Images, test: Images, outputs: Tensor | None
) -> tuple[torch.nn.Module, float]:
    """Train, evaluate and write the record.

    Args:
        run (Run): The run.
        train (Images): All views of the training images.
        test (Images): The test images.
        outputs (Tensor, optional): Of n mentors, (V * N, n, C); None for the student
            alone.

    Returns:
        tuple: The model, and the accuracy in per cent.
    """
    began = time.monotonic()
    runner = runner_of(run.config, run.folder)
    # As at the start of Runner.train.
    loop = runner.build_train_loop(runner._train_loop)
    optimizer = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.optim_wrapper = optimizer
    schedulers = runner.build_param_scheduler(runner.param_schedulers)
    runner._init_model_weights()
    model = runner.model
    if outputs is not None:
        model.mentors = GivenOutputs(outputs)
    model.train()
    for epoch in range(loop.max_epochs):
        loop.dataloader.sampler.set_epoch(epoch)
        for indices in loop.dataloader.batch_sampler:
            data = model.data_preprocessor(train.batch(indices), True)
            if outputs is not None:
                model.mentors.indices = indices
            losses = model(**data, mode='loss')
            optimizer.update_params(model.parse_losses(losses)[0])
            for scheduler in schedulers:
                if not scheduler.by_epoch:
                    scheduler.step()
        for scheduler in schedulers:
            if scheduler.by_epoch:
                scheduler.step()
    right, labels = answers(model, test)
    accuracy = 100 * right.mean().item()
    by_class = [100 * right[labels == c].mean().item() for c in labels.unique()]
    parameters = [p for p in model.parameters() if p.requires_grad]
    device = parameters[0].device
    is_gpu = device.type == 'cuda'
    record = dict(
        iteration=loop.max_iters,
        iterations=loop.max_iters,
        seconds=time.monotonic() - began,
        finished=True,
        metrics={'accuracy/top1': accuracy},
        by_class=by_class,
        trained_parameters=sum(p.numel() for p in parameters),
        device=torch.cuda.get_device_name(device) if is_gpu else 'CPU',
        torch=torch.__version__,
        loop='in memory',
    )
    write_record(run.folder, record)
    return model, accuracy


@torch.no_grad()
def answers(model: torch.nn.Module, test: Images) -> tuple[Tensor, Tensor]:
    """Compare the predictions for all test images with their labels.

    Args:
        model (nn.Module): The model.
        test (Images): The test images.

    Returns:
        tuple: Whether each is right, float32 (N,), and the labels, int64 (N,).
    """
    model.eval()
    found = []
    for part in torch.arange(len(test.inputs)).split(BATCH):
        data = model.data_preprocessor(test.batch(part.tolist()), False)
        found.append(model(data['inputs'], mode='tensor').argmax(1).cpu())
    labels = torch.cat([sample.gt_label for sample in test.samples])
    return (torch.cat(found) == labels).float(), labels
