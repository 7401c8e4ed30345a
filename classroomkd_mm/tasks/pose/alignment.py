# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Converting a pose mentor's output to the student's form.

A cell of a heatmap, or a bin of a SimCC vector, corresponds to a position in the input
image that depends on the codec. Resizing a mentor's output to the student's size is
therefore not enough: the positions of the cells are computed from both codecs, and the
mentor's output is interpolated at the positions of the student's cells.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ...functional import at_least_float32
from ..maps import check_map
from .form import HEATMAPS, SIMCC, WHAT_WORKS, PoseForm, pose_form

# Sharpness of the spatial softmax that turns a heatmap into a distribution, whose
# marginals teach a SimCC student; the same as in HeatmapKDLoss.
MARGINAL_SHARPNESS = 10.0


def build_aligner(
    name: str,
    network: nn.Module,
    student: nn.Module,
    keypoint_map: Sequence[int | None] | None,
) -> 'PoseAligner':
    """Build the module that converts a mentor's output to the student's form.

    Args:
        name (str): The mentor's name.
        network (nn.Module): The mentor's network.
        student (nn.Module): The student.
        keypoint_map (Sequence[int | None], optional): For each keypoint of the
            student, the index of the mentor's, or None if the mentor lacks it.

    Returns:
        PoseAligner: The module.

    Raises:
        ValueError: If the mentor's output cannot be converted to the student's form.
    """
    owner = f'Mentor {name!r}'
    ours, theirs = pose_form(student, 'The student'), pose_form(network, owner)
    if ours is None or theirs is None:
        raise ValueError(
            f'{owner} ({type(network).__name__}) cannot teach the student '
            f'({type(student).__name__}): for keypoints, both must be MMPose models. '
            f'{WHAT_WORKS}'
        )
    if (ours.kind, theirs.kind) == (HEATMAPS, SIMCC):
        raise ValueError(
            f'{owner} gives {SIMCC}, which cannot be converted to heatmaps for the '
            'student. Use a mentor with heatmaps, or a student with a SimCC head.'
        )
    if keypoint_map is not None:
        option = f'{owner}: keypoint_map'
        points = (ours.num_points, theirs.num_points)
        keypoint_map = check_map(option, 'keypoint', keypoint_map, *points, gaps=True)
    elif ours.num_points == theirs.num_points:
        keypoint_map = range(ours.num_points)
    else:
        raise ValueError(
            f'{owner} gives {theirs.num_points} keypoints, but the student gives '
            f'{ours.num_points}. Add keypoint_map, a list with {ours.num_points} '
            "entries: for each keypoint of the student, the index of the mentor's "
            'keypoint, or None if the mentor does not have it.'
        )
    return PoseAligner(ours, theirs, keypoint_map)


class PoseAligner(nn.Module):
    """Convert the output of a pose mentor to the student's form.

    The last of several stages is used, keypoints are put into the student's order, and
    heatmaps are converted to SimCC logits for a SimCC student. Where the cells of the
    two codecs differ in position, the output is interpolated linearly along each axis.

    Source: docs/method.md, "Pose".

    Args:
        student (PoseForm): Form of the student's output.
        mentor (PoseForm): Form of the mentor's output.
        keypoint_map (Sequence[int | None]): For each keypoint of the student, the index
            of the mentor's, or None.
    """

    def __init__(
        self,
        student: PoseForm,
        mentor: PoseForm,
        keypoint_map: Sequence[int | None],
    ) -> None:
        super().__init__()
        self.student = student
        self.mentor = mentor
        #: Bool (K,): which of the student's keypoints the mentor has.
        self.taught: Tensor
        self.register_buffer(
            'taught', torch.tensor([entry is not None for entry in keypoint_map])
        )
        self.register_buffer('points', torch.tensor([e or 0 for e in keypoint_map]))
        for axis, name in enumerate(('along_x', 'along_y')):
            self.register_buffer(name, interpolation(student, mentor, axis))

    def forward(self, output: Any) -> Any:
        """Convert the output for a batch.

        Args:
            output (Tensor | Sequence[Tensor]): Heatmaps (N, K', H', W'), of one or
                several stages, or SimCC logits, (N, K', W') and (N, K', H').

        Returns:
            Tensor | tuple[Tensor, Tensor]: In the student's form, float32 or wider:
            (N, K, H, W), or (N, K, W) and (N, K, H). Constant for keypoints that
            the mentor does not have.
        """
        if self.mentor.kind == SIMCC:
            pair = [self._arrange(axis) for axis in output]
            factor = self.mentor.gain / self.student.gain
        else:
            maps = self._arrange(output if isinstance(output, Tensor) else output[-1])
            if self.student.kind == HEATMAPS:
                maps = interpolate(maps, self.along_x)
                maps = interpolate(maps.mT, self.along_y).mT
                return maps * (self.student.gain / self.mentor.gain)
            logits = maps * (MARGINAL_SHARPNESS / self.mentor.gain)
            # Marginal logits: sums of the exponentials over rows and over columns.
            pair = [logits.logsumexp(dim=axis) for axis in (-2, -1)]
            factor = 1 / self.student.gain
        x, y = (axis * factor for axis in pair)
        return interpolate(x, self.along_x), interpolate(y, self.along_y)

    def _arrange(self, output: Tensor) -> Tensor:
        """Put keypoints into the student's order."""
        output = at_least_float32(output).index_select(1, self.points)
        missing = ~self.taught.view(-1, *(1,) * (output.ndim - 2))
        return output.masked_fill(missing, 0)


def interpolate(values: Tensor, weights: Tensor | None) -> Tensor:
    """Interpolate along the last dimension.

    Args:
        values (Tensor): (…, C').
        weights (Tensor, optional): (C, C'), see :func:`interpolation`.

    Returns:
        Tensor: (…, C); ``values`` unchanged if there are no weights.
    """
    return values if weights is None else values @ weights.T.to(values.dtype)


def interpolation(student: PoseForm, mentor: PoseForm, axis: int) -> Tensor | None:
    """Compute the weights that interpolate a mentor's cells at the student's.

    Both networks see the same box with the same centre, each at its own resolution. The
    mentor's crop uses UDP if the student's does. Where the student sees more than the
    mentor, the mentor's outermost cell is repeated.

    Args:
        student (PoseForm): Form of the student's output.
        mentor (PoseForm): Form of the mentor's output.
        axis (int): 0 for x, 1 for y.

    Returns:
        Tensor | None: (C, C'); each row sums to 1. None if the cells coincide.
    """
    our_middle, their_middle = (
        (form.input_size[axis] - student.udp) / 2 for form in (student, mentor)
    )
    cells = torch.arange(student.cells[axis], dtype=torch.float64)
    pixels = (cells + student.origin) * student.step[axis] - our_middle
    pixels = pixels * crop_zoom(student, mentor, axis) + their_middle
    places = pixels / mentor.step[axis] - mentor.origin
    if mentor.cells[axis] == len(cells) and torch.allclose(places, cells):
        return None
    places = places.clamp(0, mentor.cells[axis] - 1)
    left = places.long().clamp(max=max(mentor.cells[axis] - 2, 0))
    share = (places - left)[:, None]
    weights = torch.zeros(len(cells), mentor.cells[axis], dtype=torch.float64)
    weights.scatter_(1, left[:, None], 1 - share)
    weights.scatter_(1, (left + 1)[:, None], share)
    return weights.float()


def crop_zoom(student: PoseForm, mentor: PoseForm, axis: int) -> float:
    """Compute the pixels of a mentor's input per pixel of the student's input.

    If the mentor's input has another aspect ratio, the box is extended and the image is
    not stretched, as in MMPose's TopdownAffine.

    Args:
        student (PoseForm): Form of the student's output.
        mentor (PoseForm): Form of the mentor's output.
        axis (int): 0 for x, 1 for y.

    Returns:
        float: The zoom along the axis.
    """
    ours, theirs = student.input_size, mentor.input_size
    other = 1 - axis
    box = max(ours[axis], ours[other] * theirs[axis] / theirs[other])
    zoom = (theirs[axis] - student.udp) / (ours[axis] - student.udp)
    return zoom * ours[axis] / box
