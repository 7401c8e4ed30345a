# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Reading MMEngine's checkpoints with `weights_only=True`."""

from collections.abc import Callable
from functools import cache
from pickle import UnpicklingError

_CORES = ('core', '_core')


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
