# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Fixes that the OpenMMLab packages need to run on a current PyTorch.

Their last releases are older than current PyTorch versions. Each fix documents its
reason and its condition. It applies only where the original fails, so it does not
change a complete installation. The last ones only make a training start sooner.

=====================================  ==========================================
`mmcv.ops`                             mmcv-lite has no compiled operators, but
                                       MMPose and MMDetection import them for
                                       rarely used heads. Replaced by a stand-in.
`mmrazor.structures.quantization`      imports names that PyTorch 2 has moved
                                       (open-mmlab/mmrazor#615, #632). Distillation
                                       does not need it. Replaced by a stand-in.
`torch.load(weights_only=True)`        is the default of PyTorch >= 2.6 and rejects
                                       the log buffers that MMEngine 0.10 stores in
                                       a checkpoint. Their types are allowed.
`mmengine.runner.checkpoint`           leaves `weights_only` to PyTorch, so that older
                                       versions and an environment variable let a file
                                       run code. Local files and URLs are read by
                                       :mod:`classroomkd_mm.mentors.weights.reading`.
`mmengine.fileio`, `CheckpointHook`    write a file in its place, and delete the
                                       previous checkpoint before the next one is there:
                                       a run that is killed meanwhile cannot be resumed.
                                       Files are written aside and renamed, and deleted
                                       later.
`mmengine.dataset`                     says neither sample nor file when a transform
                                       fails or an image has another size than its
                                       batch. The errors name both.
`mmengine.hub`                         runs `pip install` for the package of a config
                                       `package::path` if it is not installed. Raises
                                       an error instead.
`mmengine.dist.utils`                  starts processes on GPUs and with nccl only
                                       Without a GPU, they start on CPUs, with gloo.
`mmengine.model.wrappers.distributed`  is given the index of a GPU for a model on the
                                       CPU, which PyTorch refuses. It is left out.
`…optimizer.amp_optimizer_wrapper`     asserts a GPU, although `autocast` has bfloat16
                                       on CPUs. The assertion accepts a CPU.
`mmpose.utils.tensor_utils`            gives bfloat16 to NumPy, which lacks it, when a
                                       head computes its accuracy. float32 instead.
`mmrazor.models.losses`                `KDSoftCELoss` calls a function of mmcls, the old
                                       name of MMPretrain (open-mmlab/mmrazor#546). It
                                       gets MMPretrain's.
`mmrazor.models`                       configs written for version 0.1 import only
                                       `classroomkd_mm` in `custom_imports`. They
                                       still work.
all of `mmrazor`                       imports MMDetection, MMPose, SciPy, scikit-learn
                                       and Matplotlib, which pruning and searches need.
                                       They are imported when they are used, since they
                                       take seconds.
`mmpretrain.models.utils`              imports MMDetection for a layer of detectors. The
                                       layer waits for MMDetection's models.
`mmpretrain.utils.dependency`          lets transformers 4.52 and later break the import
                                       of all models. Multimodal ones are left out.
`mmengine.config.utils`,               read all metafiles of a package, and list all
`mmengine.utils.package_utils`         distributions, for each config `package::path`.
                                       It is looked up in the package's configs.
=====================================  ==========================================
"""

from .checkpoints import allow_log_buffers, weights_only
from .failing_samples import SampleError
from .soft_cross_entropy import provide_soft_cross_entropy
from .stand_ins import NotAvailableError
from .watching import install

__all__ = [
    'NotAvailableError',
    'SampleError',
    'allow_log_buffers',
    'install',
    'provide_soft_cross_entropy',
    'weights_only',
]
