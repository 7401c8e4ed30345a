# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Errors of MMEngine's data pipelines that say which sample and which file."""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any


class SampleError(ValueError):
    """A sample that cannot be prepared, or that does not fit into its batch."""


def name_failing_samples() -> None:
    """Let a transform that fails say on which sample.

    Most transforms know neither: of an empty file OpenCV says `!buf.empty()`, of a
    damaged one Pillow says `cannot identify image file <_io.BytesIO …>`. Only samples
    of a dataset are named; an inference pipeline raises what it did.
    """
    compose = sys.modules['mmengine.dataset.base_dataset'].Compose
    compose.__call__ = _naming_sample(compose.__call__)


def name_odd_samples() -> None:
    """Let `default_collate` say which image of a batch has another size.

    It stacks the images of a batch, and PyTorch's error knows only their shapes.
    """
    module = sys.modules['mmengine.dataset.utils']
    collate = _naming_odd_image(module.default_collate)
    module.default_collate = collate
    module.FUNCTIONS.register_module(module=collate, force=True)
    package = sys.modules.get('mmengine.dataset')
    if hasattr(package, 'default_collate'):  # imported before this package
        package.default_collate = collate


def _naming_sample(call: Callable) -> Callable:
    """Wrap the call of a pipeline."""

    @wraps(call)
    def named(self: Any, data: Any) -> Any:
        try:
            return call(self, data)
        except SampleError:
            raise  # by a pipeline within this one
        except Exception as error:
            if not isinstance(data, Mapping) or 'sample_idx' not in data:
                raise
            from ..datasets.sample_names import sample_name

            said = ' '.join(str(error).split())
            raise SampleError(
                f'{sample_name(data)} cannot be prepared: {type(error).__name__}: '
                f'{said}. Replace its file, correct its annotation, or leave it out.'
            ) from error

    return named


def _naming_odd_image(collate: Callable) -> Callable:
    """Wrap the collation of a batch."""

    @wraps(collate)
    def named(data_batch: Sequence) -> Any:
        try:
            return collate(data_batch)
        except RuntimeError as error:
            message = _odd_image(data_batch)
            if message is None:
                raise
            raise SampleError(message) from error

    return named


def _odd_image(batch: Sequence) -> str | None:
    """Say which image differs in shape from the first; None if none does."""
    from ..datasets.sample_names import sample_name

    if not all(isinstance(item, Mapping) and 'inputs' in item for item in batch):
        return None
    shapes = [tuple(getattr(item['inputs'], 'shape', ())) for item in batch]
    for position, (item, shape) in enumerate(zip(batch, shapes, strict=True)):
        if shape != shapes[0]:
            info = getattr(item.get('data_samples'), 'metainfo', {})
            return (
                f'{sample_name(info, position)} has an image {shape}, but the first of '
                f'its batch is {shapes[0]}. Add a transform that gives all images one '
                'size, such as Resize or RandomResizedCrop, to the pipeline.'
            )
    return None
