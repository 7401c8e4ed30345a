# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A way to train the student: one small config file each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mmengine.config import Config

from .._launch import recipe_folder
from ..options import check_options

KINDS = ('alone', 'baseline', 'ours')

COMMON = (
    'data_preprocessor', 'train_dataloader', 'val_dataloader', 'val_evaluator',
    'optim_wrapper', 'param_scheduler', 'train_cfg', 'randomness',
)  # fmt: skip
"""What the runs of a seed have in common, besides the student. A method that changes
it is refused with the difference, when its config is written."""

OVERRIDES = ('model', 'default_hooks', 'custom_hooks', 'custom_imports')
"""Parts of the config of a run that a method may add to."""


@dataclass(frozen=True)
class Method:
    """What the file of a method says.

    Attributes:
        name (str): The name of the file.
        title (str): What the page calls it.
        kind (str): 'alone' (the student without mentors), 'baseline' or 'ours'.
        source (str): The paper or the section of the manual.
        mentors (str | Mapping): Who teaches: 'all' of the suite, the 'best' one, none
            (''), or configs of its own by name.
        distiller (Mapping): Changes to the distiller of the suite.
        live (bool): Whether the mentors run in every iteration, since the method uses
            more than their outputs, which is all that a cache holds.
        stages (Mapping[str, Mapping]): Trainings before, by name, each a method of its
            own. ``'{stages.NAME}'`` is the checkpoint that one ends with,
            ``'{work_dirs.NAME}'`` its work dir.
        start (str): The checkpoint to start from, ``'{stages.NAME}'``; the initial
            weights of the seed if it is empty. No other weights are a start.
        overrides (Mapping): Changes to the config of a run: to its ``model``, but for
            the student, and hooks and imports beside those of the suite.
    """

    name: str
    title: str
    kind: str
    source: str = ''
    mentors: str | Mapping[str, Any] = 'all'
    distiller: Mapping[str, Any] = field(default_factory=dict)
    live: bool = False
    stages: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    start: str = ''
    overrides: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> 'Method':
        """Read the file of a method.

        Args:
            path (Path): The file.

        Returns:
            Method: What it says.

        Raises:
            TypeError: If it has an unknown entry.
            ValueError: If it has no title, or a kind or choice of mentors that there
                is not.
        """
        content = Config.fromfile(path, import_custom_modules=False).to_dict()
        return cls.of(path.stem, content, str(path))

    @classmethod
    def of(cls, name: str, content: Mapping[str, Any], place: str) -> 'Method':
        """Check what a file says.

        Args:
            name (str): The name of the method.
            content (Mapping[str, Any]): The variables of the file.
            place (str): Where it says so, for messages.

        Returns:
            Method: The method.

        Raises:
            TypeError: If there is an unknown entry.
            ValueError: If something is missing, or cannot be.
        """
        own = {f.name for f in fields(cls)} - {'name', 'overrides'}
        given = (key for key in content if key not in COMMON)
        check_options(f'The method {place}', given, own.union(OVERRIDES))
        said = {key: value for key, value in content.items() if key in own}
        rest = {key: value for key, value in content.items() if key not in own}
        if 'title' not in said or said.get('kind') not in KINDS:
            raise ValueError(
                f'{place}: a method needs a `title`, and a `kind` that is one of '
                f'{", ".join(KINDS)}, but it has title={said.get("title")!r} and '
                f'kind={said.get("kind")!r}.'
            )
        mentors = said.get('mentors', 'all')
        if not isinstance(mentors, Mapping) and mentors not in ('all', 'best', ''):
            raise ValueError(
                f"{place}: mentors={mentors!r} must be 'all', 'best', '' or a dict of "
                'mentors.'
            )
        return cls(name=name, **said, overrides=rest)

    def stage(self, name: str) -> 'Method':
        """Take one of the trainings before as a method.

        Args:
            name (str): Its name.

        Returns:
            Method: The stage.

        Raises:
            TypeError: If it has an unknown entry.
            ValueError: If it cannot be, or has stages of its own.
        """
        if 'stages' in self.stages[name]:
            raise ValueError(
                f'{self.name}.stages.{name} has stages of its own: put them before it, '
                f'into the stages of {self.name!r}.'
            )
        named = {'title': f'{self.title}: {name}', 'kind': self.kind}
        content = {**named, **self.stages[name]}
        return Method.of(name, content, f'{self.name}.stages.{name}')


def find_methods(task: str, names: Sequence[str] = ()) -> list[Method]:
    """Find the methods of a task.

    Args:
        task (str): The task of a suite.
        names (Sequence[str]): Names of methods, or paths of files elsewhere; without,
            all methods that there are for the task.

    Returns:
        list[Method]: In the order of ``names``; otherwise the student alone first,
        baselines before ours, and by name.

    Raises:
        ValueError: If there is no such method, or one is named twice.
    """
    folder = recipe_folder() / 'benchmarks' / 'methods' / task
    known = {path.stem: path for path in sorted(folder.glob('*.py'))}
    if names:
        named = [Method.read(_path(name, known, task)) for name in names]
        _check_doubled([method.name for method in named])
        return named
    methods = map(Method.read, known.values())
    return sorted(methods, key=lambda method: (KINDS.index(method.kind), method.name))


def _check_doubled(names: Sequence[str]) -> None:
    """Refuse two methods of one name, whose runs would share a folder."""
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled:
        raise ValueError(
            f'The method {doubled!r} is given twice: name it once. Of two files with '
            'this name, rename one: a method is called as its file.'
        )


def _path(name: str, known: Mapping[str, Path], task: str) -> Path:
    """Find the file of a method."""
    if name in known:
        return known[name]
    if name.endswith('.py') and Path(name).is_file():
        return Path(name)
    close = get_close_matches(name, known, n=1)
    hint = f' Did you mean {close[0]!r}?' if close else ''
    raise ValueError(
        f'There is no method {name!r} for the task {task!r}.{hint} There are: '
        f'{", ".join(known)}; or give the path of a file.'
    )
