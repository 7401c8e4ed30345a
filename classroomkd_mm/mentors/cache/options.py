# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from torch import nn

from ...datasets.seeded_views import check_views
from ...functional.checks import check_choice
from ...options import check_options
from ...tasks import Task


@dataclass(frozen=True)
class CacheOptions:
    """What a config says of its cache: ``mentor_cache=dict(path=…, num_views=…)``.

    Attributes:
        path (Path): The folder of the cache.
        num_views (int): K, the number of views of each sample.
        seed (int): What the views are drawn from.
        dtype (str): Of the values on disk, 'float16' or 'float32'.
        topk (int, optional): Keep only so many logits of each classifier; the
            probability of the other classes is spread over them evenly.
    """

    path: Path
    num_views: int
    seed: int = 0
    dtype: str = 'float16'
    topk: int | None = None

    @classmethod
    def parse(cls, cfg: Any) -> 'CacheOptions':
        """Read what a config says, and refuse what cannot be.

        Args:
            cfg (Any): The option ``mentor_cache`` of ClassroomDistill.

        Returns:
            CacheOptions: The same, checked.

        Raises:
            TypeError: If it is no dict, lacks an option or has an unknown one.
            ValueError: If an option cannot be.
        """
        if not isinstance(cfg, Mapping):
            raise TypeError(f'mentor_cache must be a dict of options, but got {cfg!r}.')
        check_options('mentor_cache', cfg, (field.name for field in fields(cls)))
        missing = {'path', 'num_views'} - set(cfg)
        if missing:
            raise TypeError(
                f'mentor_cache has no {" and no ".join(sorted(missing))}: write '
                "mentor_cache=dict(path='folder', num_views=4)."
            )
        options = cls(**{**cfg, 'path': Path(cfg['path'])})
        check_views('mentor_cache', options.num_views, options.seed)
        check_choice('mentor_cache.dtype', options.dtype, ('float16', 'float32'))
        topk = options.topk
        if topk is not None and (not isinstance(topk, int) or topk < 1):
            raise ValueError(
                f'mentor_cache: topk={topk!r} must be an int of 1 or more, or None.'
            )
        return options

    def described(self) -> dict[str, Any]:
        """Say what a cache on disk has to agree with.

        Returns:
            dict: ``num_views``, ``seed``, ``dtype`` and ``topk``.
        """
        names = ('num_views', 'seed', 'dtype', 'topk')
        return {name: getattr(self, name) for name in names}


def check_student(student: nn.Module, task: Task, options: CacheOptions) -> None:
    """Refuse a student that does not go with a cache.

    Args:
        student (nn.Module): The student.
        task (Task): Its task.
        options (CacheOptions): What the config says of the cache.

    Raises:
        ValueError: If its batches are augmented after they are put together, or
            ``topk`` is set for the logits of sigmoids.
    """
    form = task.output_form(student) if options.topk is not None else None
    if isinstance(form, Mapping) and form.get('likelihood') == 'sigmoid':
        raise ValueError(
            f'mentor_cache: topk={options.topk} spreads what is left of a softmax over '
            'the other classes, but the student is trained with sigmoids. Remove topk.'
        )
    preprocessor = getattr(student, 'data_preprocessor', None)
    augments = getattr(preprocessor, 'batch_augments', None)
    if augments:
        names = [type(a).__name__ for a in getattr(augments, 'augments', augments)]
        raise ValueError(
            f'mentor_cache cannot be used with {", ".join(names)}: drawn for a batch, '
            'they give no view of a sample twice. Remove train_cfg.augments or '
            'data_preprocessor.batch_augments of the student, or mentor_cache.'
        )
