# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Loading all weights of a mentor's network, or none."""

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor, nn

COUNTER = 'num_batches_tracked'
SHOWN_NAMES = 4


class Fit(NamedTuple):
    """How well weights match a network; norm counters are ignored."""

    total: int
    """Number of weights of the network."""
    missing: list[str]
    """Weights of the network that are missing."""
    reshaped: list[str]
    """Weights that have another shape, with both shapes."""
    extra: list[str]
    """Weights that are unknown to the network."""
    is_deeper: bool
    """Whether the unknown weights are additional layers of its submodules."""

    @property
    def is_whole(self) -> bool:
        """Whether the weights belong to this network."""
        return not (self.missing or self.reshaped or self.is_deeper)


def compare(network: nn.Module, weights: Mapping[str, Tensor]) -> Fit:
    """Compare weights with those of a network, by name and shape.

    Args:
        network (nn.Module): The network.
        weights (Mapping[str, Tensor]): Tensors by name, where names of older versions
            of the network are accepted.

    Returns:
        Fit: Matches and mismatches.
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
    """Load all weights of a network.

    Args:
        network (nn.Module): The mentor's network.
        weights (Mapping[str, Tensor]): Its weights.
        mentor (str): The mentor's name, for messages.
        source (str): Path or URL of the weights, for messages.
        hint (str): Further text for the message if they do not match.

    Raises:
        ValueError: If a weight of the network is missing or has another shape, or
            if there are additional layers.
    """
    fit = compare(network, weights)
    if not fit.is_whole:
        raise ValueError(f'{_misfit(network, mentor, source, fit)}\n{hint}'.rstrip())
    network.load_state_dict(rename_old_weights(network, weights), strict=False)


def without_counters(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Remove the batch counters of norms, which some files do not have.

    Args:
        weights (Mapping[str, Tensor]): Tensors by name.

    Returns:
        dict[str, Tensor]: The remaining tensors.
    """
    return {k: v for k, v in weights.items() if not k.endswith(COUNTER)}


def rename_old_weights(
    network: nn.Module, state_dict: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Rename weights of older versions of a network, as the network does on loading.

    For example, models published before MMPose 1.0 have a `keypoint_head`. Modules that
    rename in both directions, such as MMPretrain's TimmClassifier, are skipped, since
    their files already have the names of their state dict.

    Args:
        network (nn.Module): The network.
        state_dict (Mapping[str, Tensor]): Weights with the names of any version.

    Returns:
        dict[str, Tensor]: A copy with the names of the current version.
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
    """Whether the weights have additional layers within submodules of the network.

    For example, the file of a CIFAR ResNet-56 contains all weights of a ResNet-20 with
    the right shapes. Other submodules, such as a second head, are harmless.
    """
    parts = {key.partition('.')[0] for key in expected}
    return any(
        key.endswith('.weight') and key.partition('.')[0] in parts for key in extra
    )


def _misfit(network: nn.Module, mentor: str, source: str, fit: Fit) -> str:
    """Describe the mismatch of a checkpoint and the remedy."""
    backbone = type(getattr(network, 'backbone', network)).__name__
    fitting = fit.total - len(fit.missing) - len(fit.reshaped)
    lines = [
        f'Mentor {mentor!r}: the checkpoint {source!r} does not belong to the '
        f'configured {type(network).__name__} ({backbone}): it matches '
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
