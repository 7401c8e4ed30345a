# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Finding the weights of a network in a checkpoint of any structure.

A checkpoint is flattened to one dict that maps the path through dicts and lists to each
tensor, for example ``state_dict.module.backbone.conv.weight``. Such a path ends with a
name in the network; the part before it is the key, here ``state_dict.module``. Nested
dicts and wrapper prefixes are thus handled in the same way, without listing them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from .crd import is_published
from .fitting import compare, rename_old_weights, without_counters

# Inserted into names by PyTorch's wrappers if only a part of the network is wrapped.
INNER_WRAPPERS = {
    'module', '_orig_mod', '_fsdp_wrapped_module', '_checkpoint_wrapped_module',
}  # fmt: skip
# Pairs of keys of which the first holds the intended weights. MMEngine's EMAHook saves
# the averaged weights as `state_dict`, and those of the last step as `ema_state_dict`.
# MMRazor's student is the `architecture`.
MEANT = (('state_dict', 'ema_state_dict'), ('architecture', 'teacher'))
SHOWN_KEYS = 8


class Found(NamedTuple):
    """Weights in a checkpoint."""

    key: str
    """Key of the weights, such as 'state_dict.module'; '' is the top level."""
    weights: dict[str, Tensor]
    """Tensors by their path below the key."""


def find_weights(
    checkpoint: Any,
    network: nn.Module,
    mentor: str,
    source: str,
    ckpt_key: str | None = None,
) -> Found:
    """Find the weights of a network in a checkpoint.

    Args:
        checkpoint (Any): The content of the file.
        network (nn.Module): The mentor's network.
        mentor (str): The mentor's name, for messages.
        source (str): Path or URL of the checkpoint, for messages.
        ckpt_key (str, optional): Where to search: dict keys and name prefixes, joined
            by dots; '' selects the top level.

    Returns:
        Found: The only weights that match the network; otherwise those of a published
        CIFAR network, with their original names; otherwise the best match, for the
        message.

    Raises:
        ValueError: If the file contains no tensors, or none under ``ckpt_key``, or
            several different sets of weights that match.
    """
    groups = _groups(_tensors(checkpoint, source, mentor))
    key = None if ckpt_key is None else str(ckpt_key).strip('.')
    chosen = _below(groups, key)
    if not chosen:
        keys = [found.key for found in _fitting(groups, network)] or _main_keys(groups)
        raise ValueError(
            f'Mentor {mentor!r}: the checkpoint {source!r} contains nothing under '
            f'ckpt_key={ckpt_key!r}. {_options(keys)}'
        )
    fits = _fitting(chosen, network) or _published(chosen, network)
    if not fits:
        return _best(chosen, network)
    return _only(fits, mentor, source, key)


def find_published(checkpoint: Any, mentor: str, source: str) -> Found:
    """Find the weights of a published CIFAR network of any architecture.

    Args:
        checkpoint (Any): The content of the file.
        mentor (str): A name for messages.
        source (str): Path or URL of the checkpoint, for messages.

    Returns:
        Found: The only such weights; otherwise all tensors, for the message.

    Raises:
        ValueError: If the file contains no tensors, or several such networks.
    """
    groups = _groups(_tensors(checkpoint, source, mentor))
    fits = _published(groups)
    return _only(fits, mentor, source) if fits else Found('', groups[''])


def _tensors(checkpoint: Any, source: str, mentor: str) -> dict[str, Tensor]:
    """Collect all tensors of a checkpoint by their path."""
    tensors = dict(_walk(checkpoint, ''))
    if not tensors or '' in tensors:
        raise ValueError(
            f'Mentor {mentor!r}: the checkpoint {source!r} contains no weights. It '
            'must contain tensors by name, as in a `state_dict`, at any depth.'
        )
    return tensors


def _walk(content: Any, path: str) -> Iterator[tuple[str, Tensor]]:
    """Iterate over the tensors in nested dicts and lists."""
    if isinstance(content, Tensor):
        yield path, content
        return
    items = ()
    if isinstance(content, Mapping):
        items = content.items()
    elif isinstance(content, list | tuple):
        items = enumerate(content)
    for name, value in items:
        yield from _walk(value, f'{path}.{name}' if path else str(name))


def _groups(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """Group the tensors by key: for every key, the tensors by the rest of the path."""
    groups: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for path, tensor in tensors.items():
        key, rest = '', path
        while rest:
            groups[key][rest] = tensor
            part, _, rest = rest.partition('.')
            key = f'{key}.{part}' if key else part
    return dict(groups)


def _below(
    groups: Mapping[str, dict[str, Tensor]], key: str | None
) -> dict[str, dict[str, Tensor]]:
    """Select the groups at and below a key; None and '' select all."""
    return {
        name: weights
        for name, weights in groups.items()
        if not key or name == key or name.startswith(f'{key}.')
    }


def _fitting(
    groups: Mapping[str, dict[str, Tensor]], network: nn.Module
) -> list[Found]:
    """Find the groups with all weights of a network and no additional layers."""
    for candidates in (groups, _unwrap_parts(groups, network)):
        fits = [
            Found(key, _own_weights(candidates[key], network))
            for key in _ranked(candidates, network)
            if compare(network, candidates[key]).is_whole
        ]
        if fits:
            return fits
    return []


def _own_weights(
    weights: Mapping[str, Tensor], network: nn.Module
) -> dict[str, Tensor]:
    """Select the weights of the network."""
    renamed, own = rename_old_weights(network, weights), network.state_dict()
    return {name: tensor for name, tensor in renamed.items() if name in own}


def _ranked(groups: Mapping[str, dict[str, Tensor]], network: nn.Module) -> list[str]:
    """Find the keys whose groups match most names and shapes (several if tied)."""
    expected = without_counters(network.state_dict())
    scores = {}
    for key, weights in groups.items():
        named = expected.keys() & weights.keys()
        shaped = sum(weights[name].shape == expected[name].shape for name in named)
        scores[key] = shaped, len(named)
    best = max(scores.values(), default=(0, 0))
    return [key for key, score in scores.items() if score == best and score > (0, 0)]


def _unwrap_parts(
    groups: Mapping[str, dict[str, Tensor]], network: nn.Module
) -> dict[str, dict[str, Tensor]]:
    """Remove the wrappers of submodules from names, unless names would collide."""
    own = {part for name in network.state_dict() for part in name.split('.')}
    wrappers = INNER_WRAPPERS - own
    unwrapped = {}
    for key, weights in groups.items():
        renamed = {
            '.'.join(part for part in name.split('.') if part not in wrappers): tensor
            for name, tensor in weights.items()
        }
        if len(renamed) == len(weights) and renamed.keys() != weights.keys():
            unwrapped[key] = renamed
    return unwrapped


def _published(
    groups: Mapping[str, dict[str, Tensor]], network: nn.Module | None = None
) -> list[Found]:
    """Find the published CIFAR networks, unless names match the network already."""
    if network is not None and _ranked(groups, network):
        return []
    return [Found(k, weights) for k, weights in groups.items() if is_published(weights)]


def _best(groups: Mapping[str, dict[str, Tensor]], network: nn.Module) -> Found:
    """Select the group to compare with the network in a message."""
    (key, *_) = _ranked(groups, network) or groups
    return Found(key, groups[key])


def _only(fits: list[Found], mentor: str, source: str, key: str | None = None) -> Found:
    """Select the weights at a key, or the only ones; else raise an error."""
    for found in fits:
        if found.key == key:
            return found
    for meant, other in MEANT:
        kept = [found for found in fits if other not in found.key.split('.')]
        if any(meant in found.key.split('.') for found in kept):
            fits = kept
    different = [
        found
        for index, found in enumerate(fits)
        if not any(_are_equal(found.weights, other.weights) for other in fits[:index])
    ]
    if len(different) > 1:
        raise ValueError(
            f'Mentor {mentor!r}: the checkpoint {source!r} contains {len(different)} '
            'different sets of weights that match the network, so the choice is '
            f'ambiguous. {_options([found.key for found in different])}'
        )
    return different[0]


def _are_equal(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """Whether two sets of weights are equal, ignoring norm counters."""
    one, other = without_counters(one), without_counters(other)
    return one.keys() == other.keys() and all(
        value.dtype == other[name].dtype and torch.equal(value, other[name])
        for name, value in one.items()
    )


def _main_keys(groups: Mapping[str, Mapping[str, Tensor]]) -> list[str]:
    """List the keys of the top level."""
    return [key for key in groups if key and '.' not in key] or ['']


def _options(keys: list[str]) -> str:
    """List the available keys, for a message."""
    more = f' and {len(keys) - SHOWN_KEYS} more' * (len(keys) > SHOWN_KEYS)
    choices = ', '.join(f'ckpt_key={key!r}' for key in keys[:SHOWN_KEYS])
    return f'Give one of: {choices}{more}.'
