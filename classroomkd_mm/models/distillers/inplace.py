# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from torch import nn


def forbid_inplace(network: nn.Module) -> None:
    """Keep activations from overwriting what was recorded before them.

    MMRazor's own ``set_module_inplace_false`` looks for an ``OrderedDict`` of
    sub-modules; in current PyTorch that is a ``dict``, and it finds none.

    Args:
        network (nn.Module): What has recorders in it.
    """
    for module in network.modules():
        if hasattr(module, 'inplace'):
            module.inplace = False
