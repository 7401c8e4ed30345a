# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Which samples a data set has, and what its pipeline does with them."""

import hashlib
import os
from typing import Any

from ..fingerprints import canonical, describe
from ..random_states import seed_generators
from .metainfo import metainfo_of
from .repeatability import pipelines_of
from .seeded_views import SeededViews, generators_put_aside

CHECKED_FILES = 64


def dataset_identity(views: SeededViews) -> dict[str, Any]:
    """Describe a data set so that another one cannot be taken for it.

    Args:
        views (SeededViews): The data set, its annotations read.

    Returns:
        dict: ``length``, ``samples`` (SHA-256 of all annotations, and of the sizes of
        up to 64 files that they name; of the samples themselves where there are no
        annotations), ``metainfo`` (such as the names of the classes) and ``pipeline``
        (its transforms with all their options).
    """
    length = len(views)
    checked = set(range(0, length, max(1, length // CHECKED_FILES)))
    content = hashlib.sha256()
    # Some data sets draw which sample to take.
    with generators_put_aside():
        seed_generators(views.seed)
        for index in range(length):
            info = _annotation(views.dataset, index)
            if info is None and index in checked:
                info = views.dataset[index]
            content.update(canonical(_portable(info, index in checked)).encode())
    return dict(
        length=length,
        samples=content.hexdigest(),
        metainfo=describe(metainfo_of(views)),
        pipeline=describe(pipelines_of(views)),
    )


def _annotation(dataset: Any, index: int) -> Any:
    """Look up an annotation, also in what picks samples of another data set."""
    if hasattr(dataset, 'get_data_info'):
        return dataset.get_data_info(index)
    attributes = getattr(dataset, '__dict__', {})
    if 'dataset' in attributes and 'indices' in attributes:  # a fold or a subset
        return _annotation(dataset.dataset, dataset.indices[index])
    return None


def _portable(info: Any, check_files: bool) -> Any:
    """Shorten paths to file and folder, since data sets are moved; add file sizes."""
    if not isinstance(info, dict):
        return info
    portable = dict(info)
    for key, value in info.items():
        if not isinstance(value, str) or os.sep not in value:
            continue
        portable[key] = value.split(os.sep)[-2:]
        if check_files and os.path.isfile(value):
            portable[f'size of {key}'] = os.path.getsize(value)
    return portable
