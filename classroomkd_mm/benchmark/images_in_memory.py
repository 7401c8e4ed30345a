# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""In memory: images of classifiers, and what mentors say of them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from mmpretrain.structures import DataSample
from torch import Tensor, nn
from torch.utils.data import DataLoader

BATCH = 500

METRIC = 'accuracy/top1'
"""All that is measured of a classifier, besides the same by class."""


class Images(NamedTuple):
    """A data set in memory.

    Attributes:
        inputs (Tensor): All views of all samples, uint8 (V * N, C, H, W).
        labels (Tensor): Those of the views, int64 (V * N,), or of the samples, (N,).
    """

    inputs: Tensor
    labels: Tensor

    @classmethod
    def of(cls, samples: Sequence[dict[str, Any]]) -> 'Images':
        """Stack samples.

        Args:
            samples (Sequence[dict]): As a data set of MMPretrain gives them.

        Returns:
            Images: These samples.
        """
        labels = [sample['data_samples'].gt_label for sample in samples]
        return cls(torch.stack([s['inputs'] for s in samples]), torch.cat(labels))

    @classmethod
    def joined(cls, parts: Sequence['Images']) -> 'Images':
        """Put parts of a data set together.

        Args:
            parts (Sequence[Images]): In order.

        Returns:
            Images: All of them.
        """
        inputs, labels = zip(*parts, strict=True)
        return cls(torch.cat(inputs), torch.cat(labels))

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

    @torch.no_grad()
    def predictions(self, model: nn.Module) -> Tensor:
        """Classify all images.

        Args:
            model (nn.Module): The model, where the images are.

        Returns:
            Tensor: Classes, int64 (N,), on the CPU.
        """
        model.eval()
        found = []
        for part in torch.arange(len(self.inputs)).split(BATCH):
            data = model.data_preprocessor(self.batch(part.to(self.labels.device)))
            found.append(model(data['inputs'], mode='tensor').argmax(1))
        return torch.cat(found).cpu()

    def measure(self, model: nn.Module) -> dict[str, Any]:
        """Compare the predictions for all images with their labels.

        Args:
            model (nn.Module): The model, where the images are.

        Returns:
            dict[str, Any]: ``metrics`` and ``by_class`` of the record of a run, in
            per cent.
        """
        labels = self.labels.cpu()
        right = (self.predictions(model) == labels).float() * 100
        return dict(
            metrics={METRIC: right.mean().item()},
            by_class=[right[labels == c].mean().item() for c in labels.unique()],
        )


class GivenOutputs:
    """Stands where the mentors do, and gives what they have said before.

    Args:
        outputs (Sequence[Tensor]): Of n mentors, each (V * N, …).
    """

    def __init__(self, outputs: Sequence[Tensor]) -> None:
        self.outputs = outputs
        #: Of the batch, int64 (B,).
        self.indices = torch.arange(0)

    def __call__(self, *_: Any) -> list[Tensor]:
        """Look up the outputs of the batch of ``indices``.

        Returns:
            list[Tensor]: n outputs (B, …), float32.
        """
        return [each[self.indices].float() for each in self.outputs]


def load(dataset: Any, num_views: int = 1, kind: Any = Images) -> Any:
    """Send all views of a data set through its pipeline.

    Args:
        dataset (Dataset): The data set; with several views, SeededViews.
        num_views (int): How many. Defaults to 1.
        kind (type): What to make of the samples. Defaults to Images.

    Returns:
        Images | People: All of it.
    """
    order = range(num_views * len(dataset))
    parts = DataLoader(dataset, BATCH, sampler=order, collate_fn=kind.of)
    return kind.joined(list(parts))
