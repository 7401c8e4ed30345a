# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The class order of a mentor, from its answers."""

from collections.abc import Sequence

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor


def find_class_order(
    logits: Tensor, data_samples: Sequence[BaseDataElement]
) -> tuple[list[int], Tensor, list[BaseDataElement]] | None:
    """Find the order of classes in which a mentor's answers fit the labels best.

    The order is found on half of the samples, so that the other half can judge it.

    Args:
        logits (Tensor): In the assumed order, (N, C).
        data_samples (Sequence[BaseDataElement]): N samples, each with one label.

    Returns:
        tuple | None: For each class the index of the mentor's; the logits in this order
        and the samples of the other half. None if not every class is in the first.

    Raises:
        ImportError: If SciPy is not installed.
    """
    from scipy.optimize import linear_sum_assignment

    from ..tasks.classification.targets import multi_hot_targets

    classes, half = logits.shape[1], len(logits) // 2
    targets = multi_hot_targets(data_samples, classes)
    counts = targets[:half].sum(dim=0)
    if (counts == 0).any():
        return None
    probabilities = logits[:half].float().cpu().softmax(dim=1)
    confusion = targets[:half].T @ probabilities / counts[:, None]
    _, order = linear_sum_assignment(confusion.numpy(), maximize=True)
    order = torch.from_numpy(order).to(logits.device)
    return order.tolist(), logits[half:][:, order], list(data_samples)[half:]
