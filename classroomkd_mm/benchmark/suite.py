# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What all methods of a comparison have in common: one config file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mmengine.config import Config

from .._launch import find_config, recipe_folder
from ..datasets.seeded_views import check_views
from ..options import check_options


@dataclass(frozen=True)
class Suite:
    """A comparison.

    Its file is the config of a training of the student alone, with a section
    ``benchmark`` that has the attributes below.

    Attributes:
        name (str): The name of the file.
        config (Config): The training of the student alone.
        title (str): What is compared, in words.
        task (str): Whose methods are compared.
        mentors (Mapping[str, Mapping]): Configs by name, the strongest first. In the
            place of ``ckpt``, ``pretrain`` is the recipe that trains one.
        distiller (Mapping): What the methods change.
        metrics (Mapping[str, Mapping]): For names in the log a ``title``, and a
            ``factor``, 1 by default; the first one decides.
        views (Mapping): ``num_views`` and ``seed`` of SeededViews; without, each
            epoch has new views.
        cache (bool): Whether the outputs of the mentors are cached; needs views.
        seeds (Sequence[int]): Used if the command line has none.
        methods (Sequence[str]): Used if the command line has none; all of the task
            if it is empty.
        features (Mapping): Where ``student`` and ``mentor``, the strongest, have the
            features that their classifiers pool: ``source``, ``index`` and
            ``channels``; for the mentor also its ``classifier`` and, in the place of
            ModuleOutputs, its ``recorder``. ``mentors`` says for each mentor by name
            from which item 0 of what ``recorder`` they come.
        num_samples (int): Number of training images.
        assistant (Mapping): Changes to the student that make a network between it and
            the strongest mentor.
        needs (Mapping[str, str]): Files and folders, each with what to do if it is
            not there.
        literature (str): Published figures to read beside the table, in Markdown.
    """

    name: str
    config: Config
    title: str
    task: str
    mentors: Mapping[str, Mapping[str, Any]]
    metrics: Mapping[str, Mapping[str, Any]]
    distiller: Mapping[str, Any] = field(default_factory=dict)
    views: Mapping[str, int] = field(default_factory=dict)
    cache: bool = False
    seeds: Sequence[int] = (0, 1, 2, 3, 4)
    methods: Sequence[str] = ()
    features: Mapping[str, Any] = field(default_factory=dict)
    num_samples: int = 0
    assistant: Mapping[str, Any] = field(default_factory=dict)
    needs: Mapping[str, str] = field(default_factory=dict)
    literature: str = ''

    @classmethod
    def read(cls, name: str) -> 'Suite':
        """Read the file of a suite.

        Args:
            name (str): Its name, or the path of a file elsewhere.

        Returns:
            Suite: What it says.

        Raises:
            ValueError: If there is no such suite, or something in it cannot be.
            TypeError: If its section ``benchmark`` or a part of it has an
                unknown entry.
        """
        path = find_suite(name)
        config = Config.fromfile(path, import_custom_modules=False)
        # As in a run: plain text, which needs no yapf.
        object.__setattr__(config, '_format_python_code', False)
        said = config.pop('benchmark', None)
        if said is None:
            raise ValueError(
                f'{path} has no section `benchmark`: it is the config of a training, '
                'not of a suite.'
            )
        said = said.to_dict()
        known = {f.name for f in fields(cls)} - {'name', 'config'}
        check_options(f'benchmark in {path}', said, known)
        missing = {'title', 'task', 'mentors', 'metrics'} - set(said)
        if missing:
            raise ValueError(
                f'{path}: benchmark has no {" and no ".join(sorted(missing))}.'
            )
        said['mentors'] = {k: v for k, v in said['mentors'].items() if v is not None}
        _check(said, path)
        return cls(name=path.stem, config=config, **said)

    @property
    def best(self) -> str:
        """str: The name of the strongest mentor."""
        return next(iter(self.mentors))

    @property
    def metric(self) -> str:
        """str: The name of the metric that decides."""
        return next(iter(self.metrics))

    def facts(self) -> dict[str, Any]:
        """Say what methods can refer to, see :func:`~.facts.fill`.

        Returns:
            dict[str, Any]: ``best`` (a name), ``mentor_names``, ``num_mentors``,
            ``share`` (one over that number), ``features``, and, if there are such,
            ``num_classes``, ``num_samples`` and ``assistant``.
        """
        head = self.config.model.get('head', {})
        features = dict(self.features)
        if 'mentor' in features:
            features['mentor'] = {'recorder': 'ModuleOutputs', **features['mentor']}
        facts = dict(
            best=self.best,
            mentor_names=list(self.mentors),
            num_mentors=len(self.mentors),
            share=1 / len(self.mentors),
            features=features,
            # The distiller's own: in the name of a connector.
            mentor='{mentor}',
        )
        if self.assistant:
            facts['assistant'] = dict(self.assistant)
        if self.num_samples:
            facts['num_samples'] = self.num_samples
        if 'num_classes' in head:
            facts['num_classes'] = head['num_classes']
        return facts


def _check(said: Mapping[str, Any], path: Path) -> None:
    """Refuse entries of a suite that would fail only after its runs."""
    for entry in ('mentors', 'metrics'):
        if not said[entry]:
            raise ValueError(f'{path}: benchmark.{entry} must name at least one.')
    for name, metric in said['metrics'].items():
        place = f'benchmark.metrics[{name!r}] in {path}'
        if not isinstance(metric, Mapping) or 'title' not in metric:
            raise ValueError(f'{place} needs a title, its heading on the page.')
        check_options(place, metric, ('title', 'factor'))
    views = said.get('views')
    if views:
        place = f'benchmark.views in {path}'
        check_options(place, views, ('num_views', 'seed'))
        check_views(place, views.get('num_views'), views.get('seed', 0))
    elif said.get('cache'):
        raise ValueError(
            f'{path}: cache=True needs views, such as views=dict(num_views=4): a '
            'cached output fits the view that it was computed for and no other.'
        )


def find_suite(name: str) -> Path:
    """Find the file of a suite.

    Args:
        name (str): Its name, or the path of a file.

    Returns:
        Path: The file.

    Raises:
        ValueError: If there is none.
    """
    if Path(name).is_file():
        return Path(name)
    folder = recipe_folder() / 'benchmarks' / 'suites'
    known = {path.stem: path for path in sorted(folder.glob('*.py'))}
    if name not in known:
        close = get_close_matches(name, known, n=1)
        hint = f' Did you mean {close[0]!r}?' if close else ''
        raise ValueError(
            f'There is no suite {name!r}.{hint} There are: {", ".join(known)}; or give '
            'the path of a file.'
        )
    return known[name]


def check_files(suite: Suite) -> None:
    """Refuse to start without the files that a suite needs.

    Args:
        suite (Suite): The suite.

    Raises:
        FileNotFoundError: If a file or folder is missing; the message says for each
            what to do.
    """
    missing = [
        f'{path} does not exist: {remedy}'
        for path, remedy in suite.needs.items()
        if not Path(path).exists()
    ]
    for name, mentor in suite.mentors.items():
        if 'pretrain' in mentor:
            find_config(str(mentor['pretrain']))
            continue
        ckpt = mentor.get('ckpt')
        if isinstance(ckpt, str) and '://' not in ckpt and not Path(ckpt).is_file():
            missing.append(f'mentor {name!r}: its checkpoint {ckpt} does not exist.')
    if missing:
        raise FileNotFoundError(
            f'The suite {suite.name!r} cannot start.\n' + '\n'.join(missing)
        )
