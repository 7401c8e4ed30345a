# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Which trainings a comparison consists of, and where each of them is."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from .._runs import train_command
from ..atomic_files import written_whole
from ..fingerprints import digest
from .configs import (
    MENTOR_SEED,
    common_config,
    last_checkpoint,
    pretraining_config,
    run_config,
)
from .facts import MissingFactError
from .identity import changes, check_same_suite, identity, portable
from .method import Method
from .record import is_finished, read_record
from .suite import Suite

FAILURE = 'failure.txt'


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
            ValueError: If the config there differs, where the message says in what, or
                is missing.
        """
        if not read_record(self.folder):
            return
        if not self.path.is_file():
            raise ValueError(
                f'{self.folder} holds a run whose config {self.path} is missing, so '
                'that nobody can tell what it trained. Copy the config there too, or '
                'remove the folder.'
            )
        there = Config.fromfile(self.path, import_custom_modules=False)
        differ = changes(there.to_dict(), self.config.to_dict())
        if differ:
            raise ValueError(
                f'{self.folder} holds a run with another config: '
                f'{"; ".join(differ[:5])}. Remove the folder, or choose another --out.'
            )

    def write(self) -> None:
        """Write its config."""
        write_shared(self.path, self.config.pretty_text)


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
                    reason = f'{error} is not in the suite {suite.name!r}'
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
        write_shared(
            self.out / 'suite.json', json.dumps(identity(self.suite), indent=1)
        )
        for seed in self.seeds:
            write_shared(
                self.start(seed).with_suffix('.py'),
                common_config(self.suite, seed).pretty_text,
            )
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


def write_shared(path: Path, text: str) -> None:
    """Write a file that other processes may write and read at the same time.

    Args:
        path (Path): The file. Its folder is made if it is missing.
        text (str): Its content.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path, is_shared=True, encoding='utf-8') as file:
        file.write(text)


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
