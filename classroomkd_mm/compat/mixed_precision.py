# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""MMEngine's mixed precision on a machine without a GPU."""

import sys


def allow_mixed_precision_on_cpu() -> None:
    """Let `AmpOptimWrapper` be built where there is no accelerator.

    It asserts that there is one, although MMEngine's own `autocast` then uses bfloat16
    on the CPU, and PyTorch's gradient scaler disables itself.
    """
    module = sys.modules['mmengine.optim.optimizer.amp_optimizer_wrapper']
    has_cuda = module.is_cuda_available

    def has_cuda_or_nothing() -> bool:
        from mmengine.device import get_device

        return has_cuda() or get_device() == 'cpu'

    module.is_cuda_available = has_cuda_or_nothing
