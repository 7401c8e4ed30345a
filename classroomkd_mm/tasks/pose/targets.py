# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Targets of pose samples that do not fit the student."""

from collections.abc import Sequence

from mmengine.structures import BaseDataElement
from torch import Tensor

from .form import HEATMAPS, PoseForm


def wrong_targets(
    data_samples: Sequence[BaseDataElement], form: PoseForm
) -> dict[int, str]:
    """Find the samples whose targets have another form than the student's output.

    A keypoint beyond the crop is not wrong: MMPose's codecs give it the weight 0.

    Args:
        data_samples (Sequence[BaseDataElement]): N samples of MMPose, in memory of the
            host; others are not looked at.
        form (PoseForm): The form of the student's output.

    Returns:
        dict[int, str]: What is wrong, by position in the batch.
    """
    found = {}
    for position, sample in enumerate(data_samples):
        wrong = _wrong_weights(sample, form) or _wrong_size(sample, form)
        if wrong:
            found[position] = wrong
    return found


def _wrong_weights(sample: BaseDataElement, form: PoseForm) -> str | None:
    """Say what is wrong with the number of keypoints or their weights."""
    weights = sample.get('gt_instance_labels', {}).get('keypoint_weights')
    if not isinstance(weights, Tensor) or weights.device.type != 'cpu':
        return None
    if weights.shape[1] != form.num_points:
        return (
            f'has {weights.shape[1]} keypoints, but the student has {form.num_points}. '
            "Correct the annotations, or out_channels of the student's head"
        )
    if not weights.isfinite().all():
        return 'has infinite or NaN weights of keypoints. Correct its annotation'
    return None


def _wrong_size(sample: BaseDataElement, form: PoseForm) -> str | None:
    """Say which target has other cells than the student's output."""
    width, height = form.cells
    if form.kind == HEATMAPS:
        wanted = {'gt_fields': {'heatmaps': (height, width)}}
    else:
        labels = {'keypoint_x_labels': (width,), 'keypoint_y_labels': (height,)}
        wanted = {'gt_instance_labels': labels}
    for field, sizes in wanted.items():
        for name, size in sizes.items():
            target = sample.get(field, {}).get(name)
            if isinstance(target, Tensor) and target.shape[-len(size) :] != size:
                return (
                    f'has {name} of {tuple(target.shape)}, but the output of the '
                    f'student has {size} cells. Give the codec of its head.decoder to '
                    'GenerateTarget'
                )
    return None
