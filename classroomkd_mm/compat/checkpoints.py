# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Reading MMEngine's checkpoints with `weights_only=True`, and no file without it."""

import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pickle import UnpicklingError
from typing import Any

_CORES = ('core', '_core')
# PyTorch's switches, which change what `torch.load` does in code that is not ours.
_FORCE, _FORCE_NOT = (
    'TORCH_FORCE_WEIGHTS_ONLY_LOAD',
    'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD',
)


@contextmanager
def weights_only() -> Iterator[None]:
    """Make each `torch.load` refuse files that contain code.

    torchvision passes `weights_only=False` for its weights, and MMEngine leaves the
    choice to PyTorch, where an environment variable can switch the protection off. That
    variable is ignored here, with a warning.

    Raises:
        ValueError: If such a file is met.
    """
    before = {name: os.environ.pop(name, None) for name in (_FORCE, _FORCE_NOT)}
    if before[_FORCE_NOT]:
        warnings.warn(
            f'{_FORCE_NOT} is ignored: a file of weights that contains code is never '
            'loaded.',
            stacklevel=3,
        )
    os.environ[_FORCE] = '1'
    try:
        yield
    except UnpicklingError as error:
        raise ValueError(refusal('A file of weights', error)) from None
    finally:
        os.environ.pop(_FORCE, None)
        os.environ.update({name: value for name, value in before.items() if value})


def refusal(subject: str, error: UnpicklingError) -> str:
    """Say why `torch.load` has refused a file, and what to do.

    PyTorch's own message advises to switch the protection off, so that an error with
    this text is raised `from None`.

    Args:
        subject (str): The file, as the beginning of a sentence.
        error (UnpicklingError): PyTorch's error.

    Returns:
        str: The message.
    """
    import torch

    update = ''
    if torch.__version__ < (2, 6):
        update = (
            f' PyTorch {torch.__version__} cannot read the state of a run without '
            'running its code: update to 2.6 or later.'
        )
    return (
        f'{subject} is damaged, or contains objects other than weights. These are not '
        f'loaded, since they can run code ({reason(error)}). Get the file again, or '
        f'save only its `state_dict`.{update}'
    )


def reason(error: Exception) -> str:
    """Shorten an error of `torch.load`.

    Args:
        error (Exception): The error; some have no text, others span pages.

    Returns:
        str: The forbidden name that the file refers to, or the first sentences.
    """
    text = str(error)
    name = re.search(r'GLOBAL (\S+)|whose module (\S+) is blocked', text)
    if name:
        return f'it refers to {name[1] or name[2]}'
    # What follows advises to load the file without protection.
    first = re.split(r'\n|In PyTorch 2\.6|This file can still', text)[0].strip()
    return first or type(error).__name__


def use_safe_loaders() -> None:
    """Let MMEngine read local files and URLs as mentors' checkpoints are read.

    This concerns `load_from`, `resume` and `init_cfg`. MMEngine's own loaders call
    `torch.load` without `weights_only`, which runs the code in a file on PyTorch < 2.6
    or where an environment variable says so. They neither check hashes nor require
    https.
    """
    module = sys.modules['mmengine.runner.checkpoint']

    # CheckpointLoader logs the names of the functions without 'load_from_'.
    def load_from_local(filename: str, map_location: Any = None) -> Any:
        from ..mentors.weights.reading import read_checkpoint

        return read_checkpoint(str(filename), map_location=map_location)

    def load_from_http(filename: str, map_location: Any = None) -> Any:
        return load_from_local(filename, map_location)

    register = module.CheckpointLoader.register_scheme
    register('', load_from_local, force=True)
    register(('http://', 'https://'), load_from_http, force=True)
    module.load_from_http = load_from_http  # of torchvision://, openmmlab://, mmcls://


@cache
def allow_log_buffers() -> None:
    """Let `torch.load(weights_only=True)` read a checkpoint of MMEngine's Runner.

    Such a checkpoint holds `HistoryBuffer` objects, with numpy arrays and scalars.
    Only the types of these objects are allowed. Pickle stores a buffer's statistics as
    `getattr(HistoryBuffer, 'mean')`. Allowing `getattr` itself would defeat
    `weights_only`, so a restricted function replaces it.
    """
    import numpy as np
    import torch
    from mmengine.logging import HistoryBuffer

    if torch.__version__ < (2, 6):  # the default is weights_only=False
        return

    # The names are registered when the first buffer is created.
    statistics = HistoryBuffer()._statistics_methods

    def statistic(owner: type, name: str) -> Callable:
        if owner is not HistoryBuffer or name not in statistics:
            raise UnpicklingError(
                f'The checkpoint refers to {name!r} of {owner!r}. Only the '
                f'statistics of {HistoryBuffer} may be loaded.'
            )
        return getattr(owner, name)

    make_array = np.empty(0).__reduce__()[0]
    make_scalar = np.float64(0).__reduce__()[0]
    # MMPose's meta information stores the colours of keypoints as uint8.
    dtypes = ('bool', 'uint8', 'int32', 'int64', 'float32', 'float64')
    torch.serialization.add_safe_globals(
        [
            HistoryBuffer,
            (statistic, 'builtins.getattr'),
            bytes,
            np.ndarray,
            np.dtype,
            *(type(np.dtype(name)) for name in dtypes),
            # numpy 2 renamed numpy.core; a checkpoint may contain either name.
            *((make_array, f'numpy.{core}.multiarray._reconstruct') for core in _CORES),
            *((make_scalar, f'numpy.{core}.multiarray.scalar') for core in _CORES),
        ]
    )
