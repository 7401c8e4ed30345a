# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Mapping
from typing import Any


def metainfo_of(dataset: Any) -> Mapping[str, Any]:
    """Read what a dataset says of itself, through wrappers such as PyTorch's Subset.

    Args:
        dataset (Any): The dataset.

    Returns:
        Mapping: Empty where it says nothing.
    """
    while not hasattr(dataset, 'metainfo') and hasattr(dataset, 'dataset'):
        dataset = dataset.dataset
    metainfo = getattr(dataset, 'metainfo', None)
    return metainfo if isinstance(metainfo, Mapping) else {}
