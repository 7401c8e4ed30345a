# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Loading weights into a mentor's network, all of them or none."""

from collections.abc import Mapping

from torch import Tensor, nn

COUNTER = 'num_batches_tracked'
SHOWN_KEYS = 4


def load_weights(
    network: nn.Module,
    state_dict: Mapping[str, Tensor],
    mentor: str,
    source: str,
    hint: str = '',
) -> None:
    """Load weights into a network, every one of them.

    Args:
        network (nn.Module): The mentor's network.
        state_dict (Mapping[str, Tensor]): Its weights.
        mentor (str): The mentor's name, for messages.
        source (str): Where the weights are from, for messages.
        hint (str): What else to say if they do not fit.

    Raises:
        ValueError: If a weight of the network is missing or has another shape, or
            if there are layers that the network lacks.
    """
    expected = _without_counters(network.state_dict())
    state_dict = _rename_old_weights(network, state_dict)
    missing = [key for key in expected if key not in state_dict]
    extra = [key for key in _without_counters(state_dict) if key not in expected]
    reshaped = [
        f'{key} {tuple(state_dict[key].shape)} instead of {tuple(value.shape)}'
        for key, value in expected.items()
        if key in state_dict and state_dict[key].shape != value.shape
    ]
    if missing or reshaped or _is_deeper(extra, expected):
        message = _misfit(
            network, mentor, source, len(expected), missing, extra, reshaped
        )
        raise ValueError(f'{message}\n{hint}'.rstrip())
    network.load_state_dict(state_dict, strict=False)


def _without_counters(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Leave out how many batches a norm has seen: not every file has it."""
    return {k: v for k, v in weights.items() if not k.endswith(COUNTER)}


def _is_deeper(extra: list[str], expected: Mapping[str, Tensor]) -> bool:
    """Tell whether there are more layers, within the parts that a network has.

    A CIFAR ResNet-20 finds every one of its weights in the file of a ResNet-56, all
    of the right shape. Other parts, such as a second head, do no harm.
    """
    parts = {key.partition('.')[0] for key in expected}
    return any(
        key.endswith('.weight') and key.partition('.')[0] in parts for key in extra
    )


def _rename_old_weights(
    network: nn.Module, state_dict: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Let a network convert weights of its older versions, as when it loads them.

    Models published before MMPose 1.0 have a `keypoint_head`, for instance. Left alone
    are networks that rename in both directions, as MMPretrain's TimmClassifier does:
    their files have the names of their state dict.
    """
    renamed = dict(state_dict)
    for name, module in network.named_modules():
        if module._state_dict_hooks:
            continue
        prefix = f'{name}.' if name else ''
        for convert in module._load_state_dict_pre_hooks.values():
            convert(renamed, prefix, {}, True, [], [], [])
    return renamed


def _misfit(
    network: nn.Module,
    mentor: str,
    source: str,
    total: int,
    missing: list[str],
    extra: list[str],
    reshaped: list[str],
) -> str:
    """Say what of a checkpoint does not fit, and what to do."""
    backbone = type(getattr(network, 'backbone', network)).__name__
    fitting = total - len(missing) - len(reshaped)
    lines = [
        f'Mentor {mentor!r}: the checkpoint {source!r} belongs to another network '
        f'than the configured {type(network).__name__} ({backbone}): it fits '
        f'{fitting or "none"} of its {total} weights.'
    ]
    for text, keys in (
        ('Missing', missing),
        ('Of another shape', reshaped),
        ('Unknown to the network', extra),
    ):
        if keys:
            more = f' and {len(keys) - SHOWN_KEYS} more' * (len(keys) > SHOWN_KEYS)
            lines.append(f'{text}: {", ".join(keys[:SHOWN_KEYS])}{more}.')
    lines.append('Give the checkpoint of this network, or the config of that one.')
    return '\n'.join(lines)
