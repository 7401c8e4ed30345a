# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from torch import nn


def forbid_inplace(network: nn.Module) -> None:
    """Prevent activations from overwriting recorded tensors.

    MMRazor's ``set_module_inplace_false`` has no effect in current PyTorch: it looks
    for submodules in an ``OrderedDict``, which is now a plain ``dict``.

    Args:
        network (nn.Module): A network with recorders.
    """
    for module in network.modules():
        if hasattr(module, 'inplace'):
            module.inplace = False
