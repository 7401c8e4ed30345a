# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""In memory: people whose keypoints are learned, and those of a validation."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy
import torch
from mmengine.evaluator import Evaluator
from mmengine.structures import InstanceData, PixelData
from torch import Tensor, nn

PARTS = dict(gt_fields=PixelData, gt_instance_labels=InstanceData)
"""Where a sample of MMPose has its targets."""

Targets = Mapping[str, Mapping[str, Tensor]]
"""Tensors by part and name."""


class People(NamedTuple):
    """A data set in memory.

    Attributes:
        inputs (Tensor): All views of all samples, uint8 (V * N, C, H, W).
        targets (Targets): What their pipeline packs, each (V * N, …).
    """

    inputs: Tensor
    targets: Targets

    @classmethod
    def of(cls, samples: Sequence[dict[str, Any]]) -> 'People':
        """Stack samples.

        Args:
            samples (Sequence[dict]): As a data set of MMPose gives them.

        Returns:
            People: These samples.
        """
        given = [sample['data_samples'] for sample in samples]
        targets = {
            part: {
                name: torch.stack([sample.get(part).get(name) for sample in given])
                for name in given[0].get(part).keys()  # noqa: SIM118  no dict
            }
            for part in PARTS
            if part in given[0]
        }
        return cls(torch.stack([sample['inputs'] for sample in samples]), targets)

    @classmethod
    def joined(cls, parts: Sequence['People']) -> 'People':
        """Put parts of a data set together.

        Args:
            parts (Sequence[People]): In order.

        Returns:
            People: All of them.
        """
        targets = {
            part: {
                name: torch.cat([people.targets[part][name] for people in parts])
                for name in tensors
            }
            for part, tensors in parts[0].targets.items()
        }
        return cls(torch.cat([people.inputs for people in parts]), targets)

    def batch(self, indices: Tensor) -> dict[str, Any]:
        """Put a batch together.

        Args:
            indices (Tensor): As SeededViews counts them, int64 (B,).

        Returns:
            dict[str, Any]: ``inputs`` and ``data_samples``, as a data loader gives.
        """
        from mmpose.structures import PoseDataSample  # classifiers need no MMPose

        samples = [PoseDataSample() for _ in indices]
        for part, tensors in self.targets.items():
            chosen = {name: values[indices] for name, values in tensors.items()}
            for row, sample in enumerate(samples):
                fields = {name: values[row] for name, values in chosen.items()}
                setattr(sample, part, PARTS[part](**fields))
        return dict(inputs=self.inputs[indices], data_samples=samples)

    def to(self, device: torch.device) -> 'People':
        """Move all tensors.

        Args:
            device (torch.device): Where to.

        Returns:
            People: The same there.
        """
        targets = {
            part: {name: values.to(device) for name, values in tensors.items()}
            for part, tensors in self.targets.items()
        }
        return People(self.inputs.to(device), targets)


class Validation(NamedTuple):
    """The samples of a validation in memory, and their evaluator.

    Attributes:
        batches (Sequence[dict]): As its data loader gives them.
        evaluator (Evaluator): What measures.
        size (int): The number of samples.
    """

    batches: Sequence[dict[str, Any]]
    evaluator: Evaluator
    size: int

    @classmethod
    def load(cls, loader: Any, evaluator: Any) -> 'Validation':
        """Load what a config describes.

        Args:
            loader (DataLoader): Of the validation.
            evaluator (Mapping | Sequence): Config of the metrics.

        Returns:
            Validation: All samples.
        """
        measured = Evaluator(evaluator)
        measured.dataset_meta = loader.dataset.metainfo
        # What comes from another process holds a file open.
        batches = [copy.deepcopy(batch) for batch in loader]
        return cls(batches, measured, len(loader.dataset))

    def to(self, device: torch.device) -> 'Validation':
        """Stay: the model moves what it gets.

        Args:
            device (torch.device): Not used.

        Returns:
            Validation: Itself.
        """
        return self

    @torch.no_grad()
    def measure(self, model: nn.Module) -> dict[str, Any]:
        """Validate.

        Args:
            model (nn.Module): The model.

        Returns:
            dict[str, Any]: ``metrics`` and ``by_class``, which there are none of, of
            the record of a run.
        """
        model.eval()
        for batch in self.batches:
            self.evaluator.process(model.val_step(batch), batch)
        return dict(metrics=self.evaluator.evaluate(self.size), by_class=None)

    @torch.no_grad()
    def hits(self, predict: Callable[[dict[str, Any]], Any]) -> Tensor:
        """Say which keypoints are found.

        Args:
            predict (Callable): Gives a batch of ``batches`` its samples with predicted
                keypoints.

        Returns:
            Tensor: Bool (J,): for the J annotated keypoints of all samples, if they
            are as near as MMPose's PCKAccuracy demands.

        Raises:
            ValueError: If the evaluator has no PCKAccuracy of boxes.
        """
        from mmpose.evaluation import PCKAccuracy  # classifiers need no MMPose

        metrics = self.evaluator.metrics
        metric = next((m for m in metrics if isinstance(m, PCKAccuracy)), None)
        if metric is None or 'bbox' not in metric.norm_item:
            raise ValueError(
                "Keypoints are found by a PCKAccuracy with norm_item='bbox' in the "
                'val_evaluator, which has none.'
            )
        for batch in self.batches:
            self.evaluator.process(predict(batch), batch)
        found, truth, size, judged = (
            torch.from_numpy(numpy.concatenate([each[name] for each in metric.results]))
            for name in ('pred_coords', 'gt_coords', 'bbox_size', 'mask')
        )
        for each in metrics:
            each.results.clear()
        distances = ((found - truth) / size[:, None]).norm(dim=-1)
        return (distances < metric.thr)[judged]


def flip_channels(preprocessor: nn.Module) -> None:
    """Have MMPose's preprocessor swap channels without a list as index.

    PyTorch copies such a list to the GPU, for which it has to wait.

    Args:
        preprocessor (nn.Module): The data preprocessor of a pose model. It gives what
            it gave before.
    """
    if preprocessor._channel_conversion:
        preprocessor._channel_conversion = False
        preprocessor.register_forward_pre_hook(_flip)


def _flip(_: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Flip the channels of a batch, of one tensor or of one for each image."""
    data, *rest = arguments
    images = data['inputs']
    if isinstance(images, Tensor):
        images = images.flip(1)
    else:
        images = [image.flip(0) for image in images]
    return dict(data, inputs=images), *rest
