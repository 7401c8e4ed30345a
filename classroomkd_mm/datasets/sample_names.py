# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Mapping
from typing import Any


def sample_name(info: Mapping[str, Any], position: int | None = None) -> str:
    """Name a sample for a message, by its number in the dataset and its file.

    Args:
        info (Mapping): An annotation of a dataset, or the metainfo of a data sample:
            ``sample_idx`` and ``img_path``, where they are known.
        position (int, optional): Its position in the batch.

    Returns:
        str: Such as ``Sample 17 (data/cat.png)``.
    """
    number, path = info.get('sample_idx'), info.get('img_path')
    if number is None:
        name = 'A sample' if position is None else f'Sample {position} of the batch'
    else:
        name = f'Sample {number}'
    return f'{name} ({path})' if path else name
