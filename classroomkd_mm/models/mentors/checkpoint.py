# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Reading a mentor's checkpoint and loading it whole, or not at all."""

import hashlib
import pickle
import urllib.error
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlparse

import torch
from torch import Tensor, nn

# Under which key the usual training programs store the weights.
WEIGHT_KEYS = ('state_dict', 'model', 'net')
# What wrappers put before the names of a network: DDP, MMRazor's algorithms.
PARALLEL, STUDENT = 'module.', 'architecture.'
COUNTER = 'num_batches_tracked'
SHOWN_KEYS = 4


def read_state_dict(source: str, mentor: str) -> dict[str, Tensor]:
    """Read the weights of a checkpoint, with ``weights_only=True``.

    Args:
        source (str): A path, or an http(s) URL, which is downloaded once to
            PyTorch's cache.
        mentor (str): The mentor's name, for messages.

    Returns:
        dict[str, Tensor]: Names, without the prefixes of wrappers, and weights.

    Raises:
        FileNotFoundError: If there is no such file.
        ConnectionError: If the URL cannot be reached.
        ValueError: If the file is truncated or holds no weights.
    """
    path = _download(source, mentor) if '://' in source else Path(source).expanduser()
    if not path.is_file():
        raise FileNotFoundError(
            f'Mentor {mentor!r}: the checkpoint {source!r} does not exist. Give the '
            'path or the URL of its weights, or train it first.'
        )
    try:
        checkpoint = torch.load(path, map_location='cpu', weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f'Mentor {mentor!r}: the checkpoint {source!r} is damaged, or holds other '
            'objects than weights, which are not loaded since they can run code '
            f'({_first_line(error)}). Get the file again, or save its '
            '`state_dict` alone.'
        ) from error
    except Exception as error:  # bytes that are no pickle can raise anything
        raise ValueError(
            f'Mentor {mentor!r}: the checkpoint {source!r} cannot be read, it is '
            'probably truncated or no PyTorch file '
            f'({_first_line(error)}). Get the file again.'
        ) from error
    return _strip_wrappers(_weights_in(checkpoint, source, mentor))


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


def convert_if_published(
    state_dict: dict[str, Tensor], network: nn.Module, mentor: str, source: str
) -> tuple[dict[str, Tensor], str | None]:
    """Translate the weights of a published CIFAR network, in memory.

    Args:
        state_dict (dict[str, Tensor]): What a checkpoint holds.
        network (nn.Module): The mentor's network; if it has weights of the same
            names, these are left alone.
        mentor (str): The mentor's name, for messages.
        source (str): Where the weights are from, for messages.

    Returns:
        tuple[dict[str, Tensor], str | None]: The weights, and which published
        network it is, None if it is none.

    Raises:
        ValueError: If such a network is incomplete.
    """
    if not state_dict.keys().isdisjoint(network.state_dict()):
        return state_dict, None
    # Here, since it imports MMPretrain, which a pose run may do without.
    from .published import convert_published, is_published

    if not is_published(state_dict):
        return state_dict, None
    try:
        architecture, converted = convert_published(state_dict)
    except ValueError as error:
        raise ValueError(
            f'Mentor {mentor!r}: the checkpoint {source!r} {error}.'
        ) from error
    return converted, architecture


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


def _download(url: str, mentor: str) -> Path:
    """Fetch a URL to PyTorch's cache, unless it is there."""
    parts = urlparse(url)
    if parts.scheme not in ('http', 'https'):
        raise ValueError(
            f'Mentor {mentor!r}: cannot read {url!r}. Give a local path or an '
            'http(s) URL.'
        )
    # Many files are called best.pth: the URL tells them apart.
    folder = hashlib.sha256(url.encode()).hexdigest()[:8]
    path = Path(torch.hub.get_dir(), 'checkpoints', folder, Path(parts.path).name)
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(url, str(path))
        except (urllib.error.URLError, OSError) as error:
            raise ConnectionError(
                f'Mentor {mentor!r}: the URL {url!r} cannot be reached ({error}). '
                f'Download the file elsewhere and give its path as ckpt, or put it at '
                f'{path}.'
            ) from error
    return path


def _weights_in(checkpoint: object, source: str, mentor: str) -> dict[str, Tensor]:
    """Find the weights in a checkpoint."""
    if isinstance(checkpoint, Mapping):
        for key in WEIGHT_KEYS:
            if isinstance(checkpoint.get(key), Mapping):
                checkpoint = checkpoint[key]
                break
        weights = {k: v for k, v in checkpoint.items() if isinstance(v, Tensor)}
        if weights:
            return weights
    raise ValueError(
        f'Mentor {mentor!r}: the checkpoint {source!r} holds no weights. Expected are '
        f'tensors by name, on the top level or under one of {WEIGHT_KEYS}.'
    )


def _strip_wrappers(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Leave out what DDP and MMRazor put before the names of a network."""
    if all(key.startswith(PARALLEL) for key in weights):
        weights = {key.removeprefix(PARALLEL): v for key, v in weights.items()}
    student = {
        key.removeprefix(STUDENT): value
        for key, value in weights.items()
        if key.startswith(STUDENT)
    }
    return student or weights


def _first_line(error: Exception) -> str:
    """Tell an error in short; some of PyTorch's have no text, others pages."""
    return str(error).partition('\n')[0] or type(error).__name__
