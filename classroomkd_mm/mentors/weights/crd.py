# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Recognising and converting published checkpoints of CIFAR networks.

The CRD benchmark and the code bases derived from it publish their networks as
``{'model': state_dict, 'epoch': ..., 'best_acc': ...}``, with their own layer names.
This module uses only the ``state_dict``: its names and shapes identify the network.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from .crd_families import FAMILIES, Architecture, Family, rename_head

RECOGNISED = (
    'resnet8/14/20/32/44/56/110, resnet8x4/32x4, wrn-<depth>-<width>, '
    'vgg8/11/13/16/19, mobilenetv2-half, shufflenetv1, shufflenetv2, and '
    'resnet18/34/50 with a 3x3 stem'
)


def is_published(state_dict: Mapping[str, Tensor]) -> bool:
    """Whether a state dict belongs to a published CIFAR network.

    Args:
        state_dict (Mapping[str, Tensor]): Tensors by name.

    Returns:
        bool: Whether :func:`convert_published` supports the network.
    """
    return _recognise(state_dict) is not None


def convert_published(
    state_dict: Mapping[str, Tensor],
) -> tuple[str, dict[str, Tensor]]:
    """Convert a published state dict to that of an MMPretrain ``ImageClassifier``.

    Args:
        state_dict (Mapping[str, Tensor]): Tensors by their published names, of any
            floating-point dtype.

    Returns:
        tuple[str, dict[str, Tensor]]: The name of the architecture, as in
        ``configs/_base_/models/cifar/``, and the tensors in float32, with the names of
        this package's backbones (``backbone.…``) and of ``LinearClsHead``
        (``head.fc.…``).

    Raises:
        ValueError: If the network is not recognised, or if tensors are missing,
            unexpected or of another shape.
    """
    recognised = _recognise(state_dict)
    if recognised is None:
        raise ValueError(
            'not a published CIFAR network: its first tensors are '
            f'{list(state_dict)[:4]}. Supported are {RECOGNISED}'
        )
    family, architecture = recognised
    converted = {
        rename_head(name) or f'backbone.{family.rename(name)}': (
            tensor.float() if tensor.is_floating_point() else tensor
        )
        for name, tensor in state_dict.items()
    }
    _check_fit(architecture, converted)
    return architecture.name, converted


def convert_if_published(
    state_dict: dict[str, Tensor], network: nn.Module, mentor: str, source: str
) -> tuple[dict[str, Tensor], str | None]:
    """Convert the weights of a published CIFAR network, in memory.

    Args:
        state_dict (dict[str, Tensor]): Weights of a checkpoint.
        network (nn.Module): The mentor's network; if it shares a name with the weights,
            they are not converted.
        mentor (str): The mentor's name, for messages.
        source (str): Path or URL of the weights, for messages.

    Returns:
        tuple[dict[str, Tensor], str | None]: The weights, and the name of the
        published network, or None if it is not one.

    Raises:
        ValueError: If a published network is incomplete.
    """
    if not state_dict.keys().isdisjoint(network.state_dict()):
        return state_dict, None
    if not is_published(state_dict):
        return state_dict, None
    try:
        architecture, converted = convert_published(state_dict)
    except ValueError as error:
        raise ValueError(
            f'Mentor {mentor!r}: the checkpoint {source!r} {error}.'
        ) from error
    return converted, architecture


def _recognise(
    state_dict: Mapping[str, Tensor],
) -> tuple[Family, Architecture] | None:
    for family in FAMILIES:
        if all(marker in state_dict for marker in family.markers):
            architecture = family.describe(state_dict)
            return architecture and (family, architecture)
    return None


def _check_fit(architecture: Architecture, converted: Mapping[str, Tensor]) -> None:
    """Compare names and shapes with those of a newly built network."""
    # Imported here, since pose estimation does not need MMPretrain.
    from mmpretrain.registry import MODELS

    from ...models import backbones  # noqa: F401  registers the backbones

    with torch.random.fork_rng(devices=[]):  # keep the user's random state
        backbone = MODELS.build(architecture.backbone)
    expected = {f'backbone.{k}': v.shape for k, v in backbone.state_dict().items()}
    num_classes = len(converted.get('head.fc.weight', ()))
    expected['head.fc.weight'] = torch.Size([num_classes, backbone.feat_dim])
    expected['head.fc.bias'] = torch.Size([num_classes])
    found = {name: tensor.shape for name, tensor in converted.items()}
    wrong = [
        f'{name} (expected {_shape(expected, name)}, found {_shape(found, name)})'
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
        # Files from before PyTorch 0.4.1 have no num_batches_tracked.
        and (name in found or not name.endswith('num_batches_tracked'))
    ]
    if wrong:
        raise ValueError(
            f'looks like {architecture.name}, but {len(wrong)} tensors do not match: '
            f'{", ".join(wrong[:4])}. Is the file incomplete, or the network modified?'
        )


def _shape(shapes: Mapping[str, torch.Size], name: str) -> str:
    return str(tuple(shapes[name])) if name in shapes else 'none'
