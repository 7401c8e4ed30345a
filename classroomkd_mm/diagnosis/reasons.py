# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Why a mentor is near chance, and which change of its entry would help."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..nested import map_tensors
from ..tasks.pose.alignment import PoseAligner
from .chance import FEWEST_SAMPLES
from .class_order import find_class_order
from .input_trials import channel_order_trial, input_trials
from .keypoint_order import find_keypoint_order
from .marks import Mark, answers, mark

CLEARLY = 4.0
"""By how many standard errors a change must improve the scores."""
SHOWN_CLASSES = 20


def tried_changes(
    classroom: nn.Module,
    index: int,
    outputs: Sequence[Any],
    batches: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Try other inputs, and another order of classes or keypoints.

    Args:
        classroom (ClassroomDistill): The classroom.
        index (int): Which mentor it is, from 1.
        outputs (Sequence[Any]): Its output for each batch.
        batches (Sequence[Mapping]): The batches.

    Returns:
        list[dict]: For each change ``reason``, ``remedy``, and ``mark``, or None for
        a change that could not be tried; the best first.
    """
    mentor = list(classroom.mentors)[index - 1]
    tried = []
    for trial in input_trials(classroom, mentor):
        found = None
        try:
            changed = answers(mentor, batches, trial.adapter)
            found = mark(classroom, index, changed, batches)
        except Exception:  # of any network, which may not take such images
            pass
        tried.append(dict(reason=trial.reason, remedy=trial.remedy, mark=found))
    tried += _class_order(classroom, index, outputs, batches)
    keypoints = _keypoint_order(classroom, index, outputs, batches)
    if keypoints is not None:
        remedy, _, then = keypoints
        tried.append(dict(reason='keypoint order', remedy=remedy, mark=then))
    return sorted(tried, key=lambda each: -_value(each['mark']))


def better_channel_order(
    classroom: nn.Module,
    index: int,
    now: Mark,
    batches: Sequence[Mapping[str, Any]],
) -> tuple[str, Mark] | None:
    """Tell whether a mentor does clearly better with swapped channels.

    Args:
        classroom (ClassroomDistill): The classroom.
        index (int): Which mentor it is, from 1.
        now (Mark): How well it does.
        batches (Sequence[Mapping]): The batches.

    Returns:
        tuple[str, Mark] | None: The option and how well it does with that; None if it
        does not.
    """
    mentor = list(classroom.mentors)[index - 1]
    trial = channel_order_trial(classroom, mentor)
    if trial is None:
        return None
    swapped = mark(classroom, index, answers(mentor, batches, trial.adapter), batches)
    return (trial.remedy, swapped) if _clearly_better(swapped, now) else None


def better_keypoint_order(
    classroom: nn.Module,
    index: int,
    outputs: Sequence[Any],
    batches: Sequence[Mapping[str, Any]],
) -> tuple[str, Mark, Mark] | None:
    """Tell whether a mentor does clearly better with its keypoints in another order.

    Args:
        classroom (ClassroomDistill): The classroom.
        index (int): Which mentor it is, from 1.
        outputs (Sequence[Any]): Its output for each batch.
        batches (Sequence[Mapping]): The batches.

    Returns:
        tuple[str, Mark, Mark] | None: The option, and how well it does on half of the
        samples without and with that; None if it does not, or there are no keypoints.
    """
    found = _keypoint_order(classroom, index, outputs, batches)
    if found is None:
        return None
    _, now, then = found
    return found if _clearly_better(then, now) else None


def _clearly_better(then: Mark, now: Mark) -> bool:
    """Compare two marks on the same samples; a few of them prove nothing."""
    gain = (then.scores - now.scores).double()
    if len(gain) < FEWEST_SAMPLES:
        return False
    error = gain.std(correction=0) / len(gain) ** 0.5
    return bool(gain.mean() > CLEARLY * error and then.value > now.value)


def _keypoint_order(
    classroom: nn.Module,
    index: int,
    outputs: Sequence[Any],
    batches: Sequence[Mapping[str, Any]],
) -> tuple[str, Mark, Mark] | None:
    """Try the order of keypoints that the answers suggest, if it is another one."""
    aligner = list(classroom.mentors)[index - 1].aligner
    if not isinstance(aligner, PoseAligner) or not aligner.taught.all():
        return None
    samples = [sample for data in batches for sample in data['data_samples']]
    try:
        order, output, rest = find_keypoint_order(_joined(outputs), samples)
    except Exception:  # no SciPy, or no targets
        return None
    keypoint_map = [int(aligner.points[number]) for number in order]
    if keypoint_map == aligner.points.tolist():
        return None
    changed = map_tensors(lambda part: part[:, order], output)
    now, then = (
        mark(classroom, index, [each], [dict(data_samples=rest)])
        for each in (output, changed)
    )
    return f'keypoint_map={keypoint_map}', now, then


def _joined(outputs: Sequence[Any]) -> Any:
    """Join the outputs of several batches."""
    if isinstance(outputs[0], Tensor):
        return torch.cat(list(outputs))
    return tuple(torch.cat(parts) for parts in zip(*outputs, strict=True))


def _class_order(
    classroom: nn.Module,
    index: int,
    outputs: Sequence[Any],
    batches: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Try the order of classes that the answers suggest."""
    if not all(isinstance(output, Tensor) and output.ndim == 2 for output in outputs):
        return []
    samples = [sample for data in batches for sample in data['data_samples']]
    change = dict(reason='class order', remedy='class_map=[…]', mark=None)
    try:
        found = find_class_order(torch.cat(list(outputs)), samples)
    except Exception:  # no SciPy, or no labels
        found = None
    if found is None:
        return [change]
    order, logits, rest = found
    aligner = list(classroom.mentors)[index - 1].aligner
    current = _classes(aligner)
    class_map = order if current is None else [current[number] for number in order]
    change['remedy'] = f'class_map={_short(class_map)}'
    change['class_map'] = class_map
    change['mark'] = mark(classroom, index, [logits], [dict(data_samples=rest)])
    return [change]


def _short(class_map: Sequence[int]) -> str:
    """Write a map, or the beginning of a long one."""
    if len(class_map) <= SHOWN_CLASSES:
        return str(class_map)
    return f'{str(class_map[:SHOWN_CLASSES])[:-1]}, …]'


def _classes(aligner: nn.Module | None) -> list[int] | None:
    """Read the class map that a mentor has already."""
    for module in aligner.modules() if aligner is not None else ():
        if isinstance(getattr(module, 'classes', None), Tensor):
            return module.classes.tolist()
    return None


def _value(found: Mark | None) -> float:
    """Sort what could not be tried, or does not help, to the end."""
    return -1.0 if found is None or found.near_chance else found.value
