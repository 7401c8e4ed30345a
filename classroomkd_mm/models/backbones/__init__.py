# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The CIFAR networks of the CRD benchmark, and MobileNetV1, for MMPretrain.

Distillation papers compare methods on the small 32x32 networks of CRD (Tian et al.,
"Contrastive Representation Distillation", arXiv 1910.10699), which MMPretrain does
not provide. The benchmark's ResNet18, 34 and 50 with a 3x3 stem are MMPretrain's
``ResNet_CIFAR``. MobileNetV1 is for ImageNet.
"""

from .cifar_mobilenet_v2 import CIFARMobileNetV2
from .cifar_resnet import CIFARResNet
from .cifar_shufflenet_v1 import CIFARShuffleNetV1
from .cifar_shufflenet_v2 import CIFARShuffleNetV2
from .cifar_vgg import CIFARVGG
from .cifar_wide_resnet import CIFARWideResNet
from .mobilenet_v1 import MobileNetV1

__all__ = [
    'CIFARMobileNetV2',
    'CIFARResNet',
    'CIFARShuffleNetV1',
    'CIFARShuffleNetV2',
    'CIFARVGG',
    'CIFARWideResNet',
    'MobileNetV1',
]
