# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Which trainings a comparison consists of, and where each of them is."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from .._runs import train_command
from ..fingerprints import describe, differences, digest
from .configs import (
    MENTOR_SEED,
    common_config,
    common_part,
    last_checkpoint,
    pretraining_config,
    run_config,
)
from .facts import MissingFactError
from .method import Method
from .record import is_finished, read_record
from .suite import Suite

FAILURE = 'failure.txt'

MOVED = re.compile(
    r'[^:]*\bdata_root: |[^:]*\bmentor_cache\.path: |(?!load_from)\w+: "[^"]*/'
)
"""A difference in where something is: the data, their cache (which compares the samples
itself), or what a variable of a config file names, which no run looks at."""


@dataclass(frozen=True)
class Run:
    """A training.

    Attributes:
        title (str): What it trains.
        folder (Path): Its work dir.
        config (Config): Its config, which is written beside the work dir; MMEngine
            writes what it has made of it into the work dir.
    """

    title: str
    folder: Path
    config: Config

    @property
    def path(self) -> Path:
        """Path: Where its config is written."""
        return self.folder.parent / f'{self.folder.name}.py'

    @property
    def checkpoint(self) -> Path:
        """Path: The checkpoint that it ends with."""
        return self.folder / last_checkpoint(self.config)

    @property
    def state(self) -> str:
        """str: 'finished', 'interrupted' or 'to do'."""
        if is_finished(self.folder):
            return 'finished'
        started = (self.folder / 'last_checkpoint').is_file()
        return 'interrupted' if started else 'to do'

    def command(self) -> list[str]:
        """Write its command line, which starts or resumes it.

        Returns:
            list[str]: ``mim train classroomkd_mm …``, in parts.
        """
        return train_command(self.path, self.folder, '--resume')

    def check(self) -> None:
        """Refuse a work dir in which another training has begun.

        Raises:
            ValueError: If the config there differs; the message says in what.
        """
        if not self.path.is_file() or not read_record(self.folder):
            return
        there = Config.fromfile(self.path, import_custom_modules=False)
        differ = changes(there.to_dict(), self.config.to_dict())
        if differ:
            raise ValueError(
                f'{self.folder} holds a run with another config: '
                f'{"; ".join(differ[:5])}. Remove the folder, or choose another --out.'
            )

    def write(self) -> None:
        """Write its config."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.config.pretty_text, encoding='utf-8')


@dataclass(frozen=True)
class Job:
    """A method with a seed: its stages, then the training that counts.

    Attributes:
        method (Method): The method.
        seed (int): The seed.
        runs (Sequence[Run]): In order; the last one counts.
    """

    method: Method
    seed: int
    runs: Sequence[Run]

    @property
    def folder(self) -> Path:
        """Path: The work dir of the training that counts."""
        return self.runs[-1].folder


class Plan:
    """All trainings of a comparison.

    Args:
        suite (Suite): What they have in common.
        methods (Sequence[Method]): What is compared.
        seeds (Sequence[int]): Seeds of the student.
        out (Path): The folder for everything.
        strict (bool): Whether a method that the suite cannot have is an error, since
            somebody named it; otherwise it is in ``left_out``.

    Raises:
        ValueError: If a seed cannot be, or a method cannot be compared.
    """

    def __init__(
        self,
        suite: Suite,
        methods: Sequence[Method],
        seeds: Sequence[int],
        out: Path,
        strict: bool,
    ) -> None:
        check_seeds(seeds)
        self.suite, self.seeds, self.out = suite, tuple(seeds), out.absolute()
        #: Trainings of mentors, by name.
        self.pretraining = self._pretraining()
        #: What each method lacks that the suite cannot have.
        self.left_out: dict[str, str] = {}
        jobs: dict[tuple[str, int], Job] = {}
        for method in methods:
            for seed in self.seeds:
                try:
                    jobs[method.name, seed] = self._job(method, seed)
                except MissingFactError as error:
                    reason = f'benchmark.{error} is not in the suite {suite.name!r}'
                    if strict:
                        raise ValueError(
                            f'The method {method.name!r} needs more: {reason}.'
                        ) from error
                    self.left_out[method.name] = reason
        self.methods = [m for m in methods if m.name not in self.left_out]
        #: Seed by seed, so that all methods are comparable at any time.
        self.jobs = [jobs[m.name, s] for s in self.seeds for m in self.methods]

    def start(self, seed: int) -> Path:
        """Say where the weights are that the runs of a seed start from.

        Args:
            seed (int): The seed.

        Returns:
            Path: A checkpoint; a config of the student has the same name.
        """
        return self.out / 'starts' / f'seed{seed}.pth'

    @property
    def cache(self) -> Path:
        """Path: The cache, which suites with the same views beside it share.

        What a student's batches are made of is all of it that mentors can see.
        """
        cfg = common_config(self.suite, 0)
        seen = [
            cfg.train_dataloader.dataset,
            cfg.get('data_preprocessor'),
            cfg.model.get('data_preprocessor'),
        ]
        return self.out.parent / 'caches' / digest(portable(seen))[:12]

    def runs(self) -> Iterator[Run]:
        """Go through all trainings, in an order in which they can be made.

        Yields:
            Run: A training.
        """
        yield from self.pretraining.values()
        for job in self.jobs:
            yield from job.runs

    def check(self) -> None:
        """Refuse a folder in which another comparison has begun.

        Raises:
            ValueError: If it is of another suite, or a run in it has another config.
        """
        check_same_suite(self.suite, self.out)
        for run in self.runs():
            run.check()

    def write(self) -> None:
        """Write the configs of all trainings, and what the folder is of."""
        self.out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(identity(self.suite), indent=1)
        (self.out / 'suite.json').write_text(text, encoding='utf-8')
        for seed in self.seeds:
            path = self.start(seed).with_suffix('.py')
            path.parent.mkdir(exist_ok=True)
            path.write_text(common_config(self.suite, seed).pretty_text, 'utf-8')
        for run in self.runs():
            run.write()

    def cached(self) -> Run | None:
        """Find a run to fill the cache with.

        Returns:
            Run | None: One with the most mentors; None if nothing is cached.
        """
        runs = [job.runs[-1] for job in self.jobs if self._is_cached(job.runs[-1])]
        return max(runs, key=lambda run: len(run.config.model.mentors), default=None)

    @staticmethod
    def _is_cached(run: Run) -> bool:
        return bool(run.config.model.get('mentor_cache'))

    def _pretraining(self) -> dict[str, Run]:
        """Find the mentors that have to be trained first."""
        recipes = {
            name: mentor['pretrain']
            for name, mentor in self.suite.mentors.items()
            if 'pretrain' in mentor
        }
        return {
            name: Run(
                f'mentor {name}',
                self.out / 'mentors' / name,
                pretraining_config(str(recipe)),
            )
            for name, recipe in recipes.items()
        }

    def _mentors(self) -> dict[str, Any]:
        """Write the configs of the suite's mentors, with their checkpoints."""
        mentors: dict[str, Any] = {}
        for name, mentor in self.suite.mentors.items():
            mentors[name] = {k: v for k, v in mentor.items() if k != 'pretrain'}
            if name in self.pretraining:
                run = self.pretraining[name]
                mentors[name].setdefault('cfg_path', str(run.path))
                mentors[name]['ckpt'] = str(run.checkpoint)
        return mentors

    def _job(self, method: Method, seed: int) -> Job:
        """Put the trainings of a method and a seed together."""
        folder = self.out / 'runs' / method.name / f'seed{seed}'
        runs: list[Run] = []
        stages: dict[str, Path] = {}
        steps = [(name, method.stage(name)) for name in method.stages]
        for name, step in [*steps, ('', method)]:
            cfg = run_config(
                self.suite, step, seed, str(self.start(seed)), self._mentors(),
                stages, self.cache, is_stage=bool(name),
            )  # fmt: skip
            run = Run(f'{step.title}, seed {seed}', folder / name, cfg)
            stages[name] = run.checkpoint
            runs.append(run)
        return Job(method, seed, runs)


def check_seeds(seeds: Sequence[int]) -> None:
    """Refuse seeds with which students cannot be compared.

    Args:
        seeds (Sequence[int]): Seeds of the student.

    Raises:
        ValueError: If one is no seed of NumPy, the mentors' own, or given twice.
    """
    for seed in seeds:
        if not 0 <= seed < 2**32:
            raise ValueError(
                f'The seed {seed} must be from 0 to 2**32 - 1, as NumPy has it.'
            )
        if seed == MENTOR_SEED:
            raise ValueError(
                f'The seed {seed} is that of mentors that are trained first: choose '
                'another one.'
            )
        if list(seeds).count(seed) > 1:
            raise ValueError(f'The seed {seed} is given twice: name it once.')


def identity(suite: Suite) -> dict[str, Any]:
    """Describe a suite so that another one cannot be taken for it.

    Args:
        suite (Suite): The suite.

    Returns:
        dict[str, Any]: Its name, mentors, and what all runs have in common.
    """
    return portable(
        dict(
            name=suite.name,
            mentors=suite.mentors,
            cache=suite.cache,
            **common_part(common_config(suite, 0)),
        )
    )


def check_same_suite(suite: Suite, folder: Path) -> None:
    """Refuse a folder of another suite.

    Args:
        suite (Suite): The suite.
        folder (Path): A folder of runs; it may be missing.

    Raises:
        ValueError: If the folder is of another suite; the message says in what it
            differs.
    """
    path = folder / 'suite.json'
    if not path.is_file():
        return
    there = json.loads(path.read_text(encoding='utf-8'))
    differ = changes(there, identity(suite))
    if differ:
        raise ValueError(
            f'{folder} holds runs of the suite {there.get("name")!r}, which is not '
            f'{suite.name!r} as it is now: {"; ".join(differ[:5])}. Choose another '
            'folder.'
        )


def changes(then: Any, now: Any) -> list[str]:
    """List in what something differs from what it was, but for where things are.

    Args:
        then (Any): What it was, see :func:`~classroomkd_mm.fingerprints.describe`.
        now (Any): What it is.

    Returns:
        list[str]: For each difference the place and both values.
    """
    found = differences(portable(then), portable(now))
    return [line for line in found if not MOVED.match(line)]


def portable(value: Any) -> Any:
    """Describe something, with the last two parts of paths only: folders move.

    Args:
        value (Any): Anything, see :func:`~classroomkd_mm.fingerprints.describe`.

    Returns:
        Any: Its description.
    """
    return _shortened(describe(value))


def _shortened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _shortened(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_shortened(part) for part in value]
    if isinstance(value, str) and os.sep in value and '://' not in value:
        return '/'.join(value.split(os.sep)[-2:])
    return value
