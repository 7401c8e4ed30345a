# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""One training of a comparison, with images and outputs of mentors in memory.

On a GPU its iterations are recorded as CUDA graphs.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.runner import Runner
from torch import Tensor, nn

from ..datasets.metainfo import metainfo_of
from ..engine.hooks.channels_last_hook import set_channels_last, wants_channels_last
from ..engine.hooks.mentor_dataset_hook import MentorDatasetHook
from ..engine.hooks.student_config_hook import StudentConfigHook
from ..mentors.cache.cached_mentor import check_names
from .images_in_memory import BATCH, GivenOutputs, Images
from .people_in_memory import People, Validation, flip_channels
from .plan import Run
from .record import write_record
from .recorded_step import RecordedStep, recordable


def is_pose(config: Config) -> bool:
    """Say whether a training is of a pose model.

    Args:
        config (Config): Its config.

    Returns:
        bool: False for a classifier.
    """
    return config.default_scope == 'mmpose'


@torch.no_grad()
def say(run: Run, images: Images | People) -> dict[str, Tensor]:
    """Run the mentors of a run.

    Args:
        run (Run): The run.
        images (Images | People): Of the training.

    Returns:
        dict[str, Tensor]: By name (V * N, …), float16 as in a cache.

    Raises:
        ValueError: If the names in a mentor's checkpoint do not fit the data set.
    """
    runner = runner_of(run.config, run.folder / 'mentors')
    compare_names(runner, 'mentor_cache' in run.config.model)
    model = runner.model.eval()
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


def compare_names(runner: Runner, is_cached: bool) -> None:
    """Compare the mentors with the data set by name, as a training does.

    Args:
        runner (Runner): That of a classroom.
        is_cached (bool): Whether the training has a cache. Without one, classes or
            keypoints in another order are mapped.

    Raises:
        ValueError: If the names contradict each other, or call for a map that has to be
            in the config, since there is a cache.
    """
    if not is_cached:
        MentorDatasetHook().before_train(runner)
        return
    model, metainfo = runner.model, metainfo_of(runner.train_dataloader.dataset)
    for mentor in model.mentors:
        check_names(mentor, model.task, model.student, metainfo)


def train_one(
    run: Run,
    train: Images | People,
    test: Images | Validation,
    outputs: Sequence[Tensor] = (),
) -> tuple[nn.Module, float]:
    """Train, evaluate, and write the record and the last checkpoint.

    Args:
        run (Run): The run.
        train (Images | People): All views of the training images.
        test (Images | Validation): The test images.
        outputs (Sequence[Tensor]): Of n mentors, each (V * N, …). Defaults to none: for
            the student alone, or where the mentors run in each iteration.

    Returns:
        tuple: The model, and its first metric, such as the accuracy in per cent.

    Raises:
        ValueError: If the names in a mentor's checkpoint do not fit the data set.
    """
    began = time.monotonic()
    runner = runner_of(run.config, run.folder, bool(outputs))
    # As at the start of Runner.train.
    loop = runner._train_loop = runner.build_train_loop(runner._train_loop)
    optimizer = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.optim_wrapper = optimizer
    schedulers = runner.build_param_scheduler(runner.param_schedulers)
    runner._init_model_weights()
    if wants_channels_last(run.config):
        set_channels_last(runner.model)
    model = runner.model
    parameters = [p for p in model.parameters() if p.requires_grad]
    device = parameters[0].device
    train, test = train.to(device), test.to(device)
    if outputs:
        model.mentors = GivenOutputs([each.to(device) for each in outputs])
    elif 'mentors' in run.config.model:
        compare_names(runner, 'mentor_cache' in run.config.model)
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
        if isinstance(getattr(model, 'mentors', None), GivenOutputs):
            model.mentors.indices = indices
        model.train_step(train.batch(indices), optimizer)

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
