# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Loading weights into a mentor's network, all of them or none."""

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor, nn

COUNTER = 'num_batches_tracked'
SHOWN_NAMES = 4


class Fit(NamedTuple):
    """How weights fit a network; the counters of norms do not matter."""

    total: int
    """How many weights the network has."""
    missing: list[str]
    """Those that are not there."""
    reshaped: list[str]
    """Those of another shape, with both shapes."""
    extra: list[str]
    """Weights that the network does not have."""
    is_deeper: bool
    """Whether these are further layers within its parts."""

    @property
    def is_whole(self) -> bool:
        """Whether the weights are those of the network."""
        return not (self.missing or self.reshaped or self.is_deeper)


def compare(network: nn.Module, weights: Mapping[str, Tensor]) -> Fit:
    """Compare weights with those of a network, by name and shape.

    Args:
        network (nn.Module): The network.
        weights (Mapping[str, Tensor]): Names, also of its older versions, and tensors.

    Returns:
        Fit: What fits and what does not.
    """
    expected = without_counters(network.state_dict())
    weights = rename_old_weights(network, weights)
    extra = [key for key in without_counters(weights) if key not in expected]
    return Fit(
        total=len(expected),
        missing=[key for key in expected if key not in weights],
        reshaped=[
            f'{key} {tuple(weights[key].shape)} instead of {tuple(value.shape)}'
            for key, value in expected.items()
            if key in weights and weights[key].shape != value.shape
        ],
        extra=extra,
        is_deeper=_is_deeper(extra, expected),
    )


def load_weights(
    network: nn.Module,
    weights: Mapping[str, Tensor],
    mentor: str,
    source: str,
    hint: str = '',
) -> None:
    """Load weights into a network, every one of them.

    Args:
        network (nn.Module): The mentor's network.
        weights (Mapping[str, Tensor]): Its weights.
        mentor (str): The mentor's name, for messages.
        source (str): Where the weights are from, for messages.
        hint (str): What else to say if they do not fit.

    Raises:
        ValueError: If a weight of the network is missing or has another shape, or
            if there are layers that the network lacks.
    """
    fit = compare(network, weights)
    if not fit.is_whole:
        raise ValueError(f'{_misfit(network, mentor, source, fit)}\n{hint}'.rstrip())
    network.load_state_dict(rename_old_weights(network, weights), strict=False)


def without_counters(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Leave out how many batches a norm has seen: not every file has it.

    Args:
        weights (Mapping[str, Tensor]): Names and tensors.

    Returns:
        dict[str, Tensor]: The others.
    """
    return {k: v for k, v in weights.items() if not k.endswith(COUNTER)}


def rename_old_weights(
    network: nn.Module, state_dict: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Let a network convert weights of its older versions, as when it loads them.

    Models published before MMPose 1.0 have a `keypoint_head`, for instance. Left alone
    are networks that rename in both directions, as MMPretrain's TimmClassifier does:
    their files have the names of their state dict.

    Args:
        network (nn.Module): The network.
        state_dict (Mapping[str, Tensor]): Weights by their names of any version.

    Returns:
        dict[str, Tensor]: A copy with the names of this version.
    """
    renamed = dict(state_dict)
    for name, module in network.named_modules():
        if module._state_dict_hooks:
            continue
        prefix = f'{name}.' if name else ''
        for convert in module._load_state_dict_pre_hooks.values():
            convert(renamed, prefix, {}, True, [], [], [])
    return renamed


def _is_deeper(extra: list[str], expected: Mapping[str, Tensor]) -> bool:
    """Tell whether there are more layers, within the parts that a network has.

    A CIFAR ResNet-20 finds every one of its weights in the file of a ResNet-56, all
    of the right shape. Other parts, such as a second head, do no harm.
    """
    parts = {key.partition('.')[0] for key in expected}
    return any(
        key.endswith('.weight') and key.partition('.')[0] in parts for key in extra
    )


def _misfit(network: nn.Module, mentor: str, source: str, fit: Fit) -> str:
    """Say what of a checkpoint does not fit, and what to do."""
    backbone = type(getattr(network, 'backbone', network)).__name__
    fitting = fit.total - len(fit.missing) - len(fit.reshaped)
    lines = [
        f'Mentor {mentor!r}: the checkpoint {source!r} belongs to another network '
        f'than the configured {type(network).__name__} ({backbone}): it fits '
        f'{fitting or "none"} of its {fit.total} weights.'
    ]
    for text, keys in (
        ('Missing', fit.missing),
        ('Of another shape', fit.reshaped),
        ('Unknown to the network', fit.extra),
    ):
        if keys:
            more = f' and {len(keys) - SHOWN_NAMES} more' * (len(keys) > SHOWN_NAMES)
            lines.append(f'{text}: {", ".join(keys[:SHOWN_NAMES])}{more}.')
    lines.append('Give the checkpoint of this network, or the config of that one.')
    return '\n'.join(lines)
