# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Trying a loss on generated records, before a classroom teaches with it."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from ...nested import map_tensors, tensors_of

SIZE = 4

GROWTH = 4.0
"""How much larger a gradient may be at four times the temperature.

About 1 with a KL divergence times τ². With a loss whose gradient does not fall with
the temperature, but which is multiplied by τ² too, it is 16.
"""


def try_loss(
    name: str,
    on_batch: Callable[[Mapping[str, Any], Tensor], Tensor],
    on_samples: Callable[[Mapping[str, Any], Tensor], Tensor] | None,
    record: Mapping[str, Any],
    hint: str = '',
) -> None:
    """Reject a loss that cannot be computed, or not on each sample.

    Args:
        name (str): Name of the loss, for messages.
        on_batch (Callable): Maps a record and a temperature to the loss of a batch.
        on_samples (Callable, optional): Maps a record and temperatures (N,) to the loss
            of each sample, (N,). None if the loss may compare samples.
        record (Mapping[str, Any]): Arguments of the loss for some samples.
        hint (str): A remedy, if it cannot be computed.

    Raises:
        ValueError: If the loss fails, or is not the mean of the losses of its samples.
    """
    record = {key: map_tensors(_unlike, value) for key, value in record.items()}
    taus = torch.full((SIZE,), 2.0, device=next(tensors_of(record)).device)
    try:
        whole = on_batch(record, taus[0])
    except Exception as error:  # any error of a loss
        raise ValueError(
            f'LessonLoss cannot teach with {name}: {_reason(error)}{hint}'
        ) from error
    if on_samples is None:
        return
    remedy = (
        "Set per='batch', which weighs a mentor by its mean over the batch, or map "
        f'{name} once for each mentor, without LessonLoss.'
    )
    try:
        mean = on_samples(record, taus).mean()
    except Exception as error:  # whatever vmap cannot do
        raise ValueError(
            f'LessonLoss cannot compute {name} for each sample: {_reason(error)} '
            f'{remedy}'
        ) from error
    if not torch.allclose(whole, mean, rtol=1e-3, atol=1e-5):
        raise ValueError(
            f'LessonLoss cannot weigh {name} per sample, since it is not a mean over '
            f'samples: it is {whole:.4g} on a generated batch, but {mean:.4g} on '
            f'average over its samples alone. {remedy}'
        )


def reject_softmax(
    name: str, value: Callable[[Tensor], Tensor], logits: Tensor
) -> None:
    """Reject a loss that does not see what is added to all logits of a sample.

    Args:
        name (str): Name of the loss, for messages.
        value (Callable): Maps logits of a student that has sigmoids to the loss.
        logits (Tensor): Such logits (N, C).

    Raises:
        ValueError: If the loss compares softmaxes.
    """
    shifts = torch.arange(1.0, len(logits) + 1, device=logits.device)[:, None]
    before, after = value(logits), value(logits + shifts)
    # A loss whose weight is 0 sees nothing at all.
    if before != 0 and torch.allclose(before, after, rtol=1e-4):
        raise ValueError(
            f'{name} compares softmaxes, but the head of the student has a sigmoid for '
            'each class. Teach with ClassroomKDLoss.'
        )


def reject_growing(
    name: str, value: Callable[[Any, Tensor], Tensor], output: Any
) -> None:
    """Reject a loss which a pace would weigh by the temperatures that it sets.

    Args:
        name (str): Name of the loss, for messages.
        value (Callable): Maps what the loss takes of the student, and a temperature, to
            the loss of a batch.
        output (Any): What it takes of the student: tensors.

    Raises:
        ValueError: If its gradient grows with the temperature.
    """

    @torch.enable_grad()
    def gradient(tau: float) -> Tensor:
        leaves = map_tensors(lambda x: x.detach().clone().requires_grad_(), output)
        tensors = list(tensors_of(leaves))
        loss = value(leaves, tensors[0].new_tensor(tau))
        if not loss.requires_grad:  # the dry lesson says so
            return loss.new_zeros(())
        gradients = torch.autograd.grad(loss, tensors, materialize_grads=True)
        return sum(each.square().sum() for each in gradients).sqrt()

    if gradient(8.0) > GROWTH * gradient(2.0):
        raise ValueError(
            f'LessonLoss: the gradient of {name} is more than {GROWTH:.0f} times as '
            'large at a temperature of 8 as at 2, so a pace would set how much a '
            f'mentor weighs, not only how soft it is. Give {name} a temperature of its '
            f"own (loss=dict(type='{name}', tau=4.0)), or fix that of the mentors "
            "(mentoring=dict(type='Mentoring', mentoring=4.0))."
        )


def _unlike(x: Tensor) -> Tensor:
    """Take four samples, and shift and stretch each in its own way.

    Few samples, and generated images that are alike, have no relations.
    """
    samples = x.detach()[torch.arange(SIZE, device=x.device) % len(x)]
    if not x.is_floating_point():  # labels
        return samples
    index = torch.arange(SIZE, device=x.device).view(-1, *(1,) * (x.ndim - 1))
    return samples * (index + 1) + index


def _reason(error: Exception) -> str:
    """Format the message of an error as a sentence."""
    text = ' '.join(str(error).split()) or type(error).__name__
    return text if text.endswith('.') else f'{text}.'
