# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Step 1 of docs/method.md, Score: how well a member performs on a sample."""

import torch
import torch.nn.functional as F
from torch import Tensor


def at_least_float32(x: Tensor) -> Tensor:
    """Convert half-precision tensors to float32; return all others unchanged."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def all_finite(x: Tensor) -> Tensor:
    """Tell where no value along the last dimension is NaN or infinite.

    On a CPU, ``x.isfinite().all(dim=-1)`` takes ten times as long.

    Args:
        x (Tensor): Float, (..., C), with at least one value.

    Returns:
        Tensor: Bool (...).
    """
    return x.abs().amax(dim=-1) < torch.inf  # a NaN stays one, and is not less


def cross_entropy_log_scores(logits: Tensor, labels: Tensor) -> Tensor:
    """Log-scores of classifiers: minus the cross-entropy of every sample.

    With hard labels this is the log-probability of the true class. Soft labels
    (mixup, label smoothing) use the soft cross-entropy. A sample with a NaN or
    infinite logit scores -inf.

    Source: arXiv 2409.20237; docs/method.md, step 1 and "Corner cases".

    Args:
        logits (Tensor): Float, (members, N, C).
        labels (Tensor): Class indices, int64 (N,), or class probabilities,
            float (N, C).

    Returns:
        Tensor: Log-scores (members, N), float32 or wider.
    """
    logits = at_least_float32(logits)
    members, num_samples, num_classes = logits.shape
    targets = labels.expand(members, *labels.shape).flatten(0, 1)
    if targets.is_floating_point():
        targets = targets.to(logits.dtype)
    losses = F.cross_entropy(
        logits.reshape(members * num_samples, num_classes), targets, reduction='none'
    )
    finite = all_finite(logits)
    return torch.where(finite, -losses.view(members, num_samples), -torch.inf)


def bernoulli_log_scores(logits: Tensor, labels: Tensor) -> Tensor:
    """Log-scores of sigmoid classifiers: the log-likelihood of all classes together.

    Every class is a yes or no of its own, so the loss of a sample is the binary
    cross-entropy summed over the classes. A sample with a NaN or infinite logit
    scores -inf.

    Source: docs/method.md, step 1, "Sigmoid heads".

    Args:
        logits (Tensor): Float, (members, N, C).
        labels (Tensor): How much of each class a sample has, from 0 to 1, (N, C).

    Returns:
        Tensor: Log-scores (members, N), float32 or wider.
    """
    logits = at_least_float32(logits)
    targets = labels.to(logits.dtype).expand_as(logits)
    losses = F.binary_cross_entropy_with_logits(logits, targets, reduction='none')
    finite = all_finite(logits)
    return torch.where(finite, -losses.sum(dim=-1), -torch.inf)


def require_finite_student(log_scores: Tensor) -> None:
    """Reject a student output that is NaN or infinite.

    On the CPU the check is immediate. On an accelerator it would synchronise the
    device in every step, so
    :class:`~classroomkd_mm.engine.hooks.ClassroomHook` checks when it logs instead.

    Args:
        log_scores (Tensor): (members, N), student first.

    Raises:
        FloatingPointError: If a score of the student is NaN or infinite.
    """
    student = log_scores[0]
    if student.device.type == 'cpu' and not student.isfinite().all():
        bad = (~student.isfinite()).nonzero().flatten().tolist()
        raise FloatingPointError(
            f'The student gave NaN or infinite outputs for the samples {bad} of the '
            'batch. Lower the learning rate, clip the gradients, or check the inputs '
            'and labels.'
        )
