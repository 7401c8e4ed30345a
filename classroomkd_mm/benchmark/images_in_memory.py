# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""In memory: images of classifiers, and what mentors say of them."""

from typing import Any, NamedTuple

import torch
from mmengine.dataset import default_collate
from mmpretrain.structures import DataSample
from torch import Tensor
from torch.utils.data import DataLoader

BATCH = 500


class Images(NamedTuple):
    """A data set in memory.

    Attributes:
        inputs (Tensor): All views of all samples, uint8 (V * N, C, H, W).
        labels (Tensor): The N labels, int64.
    """

    inputs: Tensor
    labels: Tensor

    def batch(self, indices: Tensor) -> dict[str, Any]:
        """Put a batch together.

        Args:
            indices (Tensor): As SeededViews counts them, int64 (B,).

        Returns:
            dict[str, Any]: ``inputs`` and ``data_samples``, as a data loader gives.
        """
        labels = self.labels[indices % len(self.labels)].split(1)
        samples = [DataSample().set_gt_label(label) for label in labels]
        return dict(inputs=self.inputs[indices], data_samples=samples)

    def to(self, device: torch.device) -> 'Images':
        """Move the images.

        Args:
            device (torch.device): Where to.

        Returns:
            Images: The same there.
        """
        return Images(self.inputs.to(device), self.labels.to(device))


class GivenOutputs:
    """Stands where the mentors do, and gives what they have said before.

    Args:
        outputs (Tensor): Of n mentors, (V * N, n, C).
    """

    def __init__(self, outputs: Tensor) -> None:
        self.outputs = outputs
        #: Of the batch, int64 (B,).
        self.indices = torch.arange(0)

    def __call__(self, *_: Any) -> list[Tensor]:
        """Look up the outputs of the batch of ``indices``.

        Returns:
            list[Tensor]: n outputs (B, C), float32.
        """
        return list(self.outputs[self.indices].float().unbind(1))


def load(dataset: Any, num_views: int = 1, num_workers: int = 1) -> Images:
    """Send all views of a data set through its pipeline.

    Args:
        dataset (Dataset): The data set; with several views, SeededViews.
        num_views (int): How many.
        num_workers (int): Processes that do so.

    Returns:
        Images: All of it.
    """
    loader = DataLoader(
        dataset,
        BATCH,
        sampler=range(num_views * len(dataset)),
        num_workers=num_workers,
        collate_fn=default_collate,
    )
    inputs, labels = [], []
    for batch in loader:
        inputs.append(batch['inputs'].clone())
        labels += [sample.gt_label for sample in batch['data_samples']]
    return Images(torch.cat(inputs), torch.cat(labels[: len(dataset)]))
