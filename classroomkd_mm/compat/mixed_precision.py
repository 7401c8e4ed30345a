# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Mixed precision without a GPU, where it is bfloat16."""

import sys
from functools import wraps
from typing import Any


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


def convert_bfloat16_to_numpy() -> None:
    """Let MMPose's heads compute their accuracy from outputs in bfloat16.

    They do it with NumPy, which has no bfloat16, in every step of a training. Modules
    that have imported the function already get the new one as well.
    """
    convert = sys.modules['mmpose.utils.tensor_utils'].to_numpy

    @wraps(convert)
    def to_numpy(x: Any, *args: Any, **kwargs: Any) -> Any:
        import torch

        if isinstance(x, torch.Tensor) and x.dtype == torch.bfloat16:
            x = x.float()
        return convert(x, *args, **kwargs)  # which calls this for each of a sequence

    for name, module in list(sys.modules.items()):
        if name.startswith('mmpose.') and vars(module).get('to_numpy') is convert:
            module.to_numpy = to_numpy
