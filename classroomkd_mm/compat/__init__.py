# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What the OpenMMLab packages need to run on a current PyTorch.

Their last releases are older than the PyTorch they meet. Each remedy here names its
reason and its condition. It is applied where the real thing fails and nowhere else,
so a complete installation stays as it is.

=====================================  ==========================================
`mmcv.ops`                             mmcv-lite has no compiled operators, but
                                       MMPose and MMDetection import them for
                                       heads that are rarely used. Stand-in.
`mmrazor.structures.quantization`      imports names that PyTorch 2 has moved
                                       (open-mmlab/mmrazor#615, #632);
                                       distillation needs none of them. Stand-in.
`torch.load(weights_only=True)`        is the default of PyTorch >= 2.6 and refuses
                                       the log buffers that MMEngine 0.10 stores in
                                       a checkpoint. Those types are allowed.
`mmengine.hub`                         runs `pip install` for what stands before `::`
                                       of a config, if there is no such package. That
                                       is an error.
`mmrazor.models`                       configs written for 0.1 of this package name
                                       `classroomkd_mm` alone in `custom_imports`.
                                       They are still served.
=====================================  ==========================================
"""

from .checkpoints import allow_log_buffers
from .stand_ins import NotAvailableError
from .watching import install

__all__ = ['NotAvailableError', 'allow_log_buffers', 'install']
