# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Scorers for pose models: heatmaps and SimCC vectors."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.structures import BaseDataElement
from mmrazor.registry import MODELS
from torch import Tensor, nn

from ...classroom import Scorer, Scores
from ...functional.checks import check_choice, check_number
from .form import HEATMAPS, SIMCC, pose_form
from .scoring import (
    DEFAULT_SIGMA,
    HEATMAP_SCORES,
    counted_points,
    heatmap_log_scores,
    placed_points,
    point_weights,
    simcc_log_scores,
)


class PoseScorer(Scorer):
    """Base class of pose scorers: sigmas, and which mentor predicts which keypoint.

    Args:
        sigmas (str | Sequence[float]): OKS sigmas of the keypoints, or the MMPose
            dataset that defines them.

    Raises:
        TypeError: If ``sigmas`` is neither.
        ValueError: If MMPose has no such dataset.
    """

    task = 'pose'
    kind: str
    """The required kind of the student's output."""

    def __init__(self, sigmas: str | Sequence[float] = 'coco') -> None:
        super().__init__()
        values = _dataset_sigmas(sigmas) if isinstance(sigmas, str) else sigmas
        if not all(isinstance(value, (int, float)) and value > 0 for value in values):
            raise TypeError(
                f'sigmas must be positive numbers or the name of a dataset, but got '
                f'{sigmas!r}.'
            )
        self.sigmas_of = sigmas
        self.register_buffer('sigmas', torch.tensor(values), persistent=False)
        self.register_buffer('taught', None, persistent=False)

    def prepare(self, student: nn.Module, mentors: Any) -> None:
        """Prepare for the members of the classroom, before the first batch.

        Args:
            student (nn.Module): The student.
            mentors (Mentors): The mentors.

        Raises:
            ValueError: If the student is not a pose model of this scorer's kind, or
                its number of keypoints differs from the number of sigmas.
        """
        super().prepare(student, mentors)
        form = pose_form(student, 'The student')
        if form is None or form.kind != self.kind:
            gives = 'no keypoints' if form is None else form.kind
            raise ValueError(
                f'{type(self).__name__} scores {self.kind}, but the student '
                f'({type(student).__name__}) gives {gives}. Use HeatmapScorer for '
                'heatmaps, SimCCScorer for SimCC vectors, ClassificationScorer for '
                'classifiers.'
            )
        if type(student.head).__name__ == 'MSPNHead':
            raise ValueError(
                'The student has an MSPNHead, whose targets are heatmaps with several '
                'peak widths. It can be a mentor, but not a student: use a student '
                'with HeatmapHead, ViPNASHead or CPMHead.'
            )
        if not len(self.sigmas):  # the dataset has none
            self.sigmas = torch.full((form.num_points,), DEFAULT_SIGMA)
        if len(self.sigmas) != form.num_points:
            raise ValueError(
                f'{type(self).__name__} has {len(self.sigmas)} sigmas '
                f'({self.sigmas_of!r}), but the student has {form.num_points} '
                "keypoints. Set `sigmas` to the student's dataset, such as 'mpii', or "
                'to a list.'
            )
        self.taught = torch.stack([mentor.aligner.taught for mentor in mentors])

    def visible(self, data_samples: Sequence[BaseDataElement]) -> Tensor:
        """Select the keypoints of a batch that have a positive weight.

        Args:
            data_samples (Sequence[BaseDataElement]): N samples of MMPose.

        Returns:
            Tensor: Bool (N, K).
        """
        labels = [sample.gt_instance_labels for sample in data_samples]
        weights = [label.keypoint_weights for label in labels]
        return _joined(weights, self.taught.new_zeros(0, self.taught.shape[1])) > 0

    def extra_repr(self) -> str:
        """Show the options."""
        return f'sigmas={self.sigmas_of!r}'


@MODELS.register_module()
class HeatmapScorer(PoseScorer):
    """Score heatmap pose models by how close their heatmaps are to the targets.

    Source: docs/method.md, "Pose", step 1.

    Args:
        score (str): 'oks': object keypoint similarity, as in COCO's evaluation,
            between the peaks of the maps and of the targets; 'likelihood': likelihood
            of the target under the map's spatial softmax; 'task_loss': mean squared
            error. Defaults to 'oks'.
        sigmas (str | Sequence[float]): For 'oks', one sigma per keypoint, or the MMPose
            dataset that defines them ('coco', 'mpii', …, or the path of a file with
            ``dataset_info``); 0.05 each if the dataset defines none. Defaults to
            'coco'.
        sharpness (float): For 'likelihood', factor of the maps before the softmax.
            Defaults to 1.
        scale (float): For 'task_loss', the error that reduces the score by a factor of
            e. Defaults to 0.001; an untrained student has about 0.004, a good model
            0.0005.

    Raises:
        TypeError: If an option has the wrong type.
        ValueError: If an option has an invalid value.
    """

    kind = HEATMAPS

    def __init__(
        self,
        score: str = 'oks',
        sigmas: str | Sequence[float] = 'coco',
        sharpness: float = 1.0,
        scale: float = 1e-3,
    ) -> None:
        super().__init__(sigmas)
        check_choice('score', score, HEATMAP_SCORES)
        check_number('sharpness', sharpness, above=0)
        check_number('scale', scale, above=0)
        self.score = score
        self.sharpness = sharpness
        self.scale = scale

    def score_batch(
        self,
        student_output: Tensor,
        mentor_outputs: Sequence[Tensor],
        data_samples: Sequence[BaseDataElement],
    ) -> Scores:
        """Score the members on a batch.

        Args:
            student_output (Tensor): Heatmaps (N, K, H, W).
            mentor_outputs (Sequence[Tensor]): n tensors of the same shape.
            data_samples (Sequence[BaseDataElement]): N samples of MMPose with
                target heatmaps and keypoint weights.

        Returns:
            Scores: Log-scores (n+1, N) and weights of keypoints (n, N, K).
        """
        targets = _joined(
            [sample.gt_fields.heatmaps[None] for sample in data_samples],
            student_output,
        )
        visible = self.visible(data_samples)
        placed = placed_points(visible, targets)
        # An absent keypoint has no position to compare, but its whole map has an error.
        judged = visible if self.score == 'task_loss' else placed
        log_scores = heatmap_log_scores(
            [student_output, *mentor_outputs],
            targets,
            counted_points(judged, self.taught),
            self.score,
            self.sigmas,
            self.sharpness,
            self.scale,
        )
        return Scores(log_scores, point_weights(counted_points(placed, self.taught)))

    def extra_repr(self) -> str:
        """Show the options."""
        return (
            f'score={self.score!r}, {super().extra_repr()}, '
            f'sharpness={self.sharpness}, scale={self.scale}'
        )


@MODELS.register_module()
class SimCCScorer(PoseScorer):
    """Score SimCC pose models by how close their peaks are to the targets' peaks.

    Source: docs/method.md, "Pose", step 1: OKS, with the student's bins as unit.

    Args:
        sigmas (str | Sequence[float]): As in HeatmapScorer. Defaults to 'coco'.

    Raises:
        TypeError: If ``sigmas`` has the wrong type.
        ValueError: If MMPose has no such dataset.
    """

    kind = SIMCC

    def score_batch(
        self,
        student_output: tuple[Tensor, Tensor],
        mentor_outputs: Sequence[tuple[Tensor, Tensor]],
        data_samples: Sequence[BaseDataElement],
    ) -> Scores:
        """Score the members on a batch.

        Args:
            student_output (tuple[Tensor, Tensor]): Logits of x (N, K, W) and of y
                (N, K, H).
            mentor_outputs (Sequence[tuple[Tensor, Tensor]]): n pairs of the same
                shapes.
            data_samples (Sequence[BaseDataElement]): N samples of MMPose with
                SimCC labels and keypoint weights.

        Returns:
            Scores: Log-scores (n+1, N) and weights of keypoints (n, N, K).
        """
        labels = [sample.gt_instance_labels for sample in data_samples]
        targets = (
            _joined([label.keypoint_x_labels for label in labels], student_output[0]),
            _joined([label.keypoint_y_labels for label in labels], student_output[1]),
        )
        placed = placed_points(self.visible(data_samples), *targets)
        counted = counted_points(placed, self.taught)
        log_scores = simcc_log_scores(
            [student_output, *mentor_outputs], targets, counted, self.sigmas
        )
        return Scores(log_scores, point_weights(counted))


def _joined(fields: Sequence[Tensor], empty: Tensor) -> Tensor:
    """Concatenate the fields of all samples; return `empty` if there are none."""
    return torch.cat(list(fields)) if fields else empty


def _dataset_sigmas(name: str) -> list[float]:
    """Read the sigmas of an MMPose dataset; [] if it defines none."""
    # Imported here, since only pose runs need it and the import takes seconds.
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    path = name if name.endswith('.py') else f'configs/_base_/datasets/{name}.py'
    try:
        metainfo: Mapping[str, Any] = parse_pose_metainfo(dict(from_file=path))
    except FileNotFoundError as error:
        raise ValueError(
            f'sigmas={name!r}: MMPose has no config of such a dataset ({path}). Give '
            "'coco', 'mpii', …, the path of a file with `dataset_info`, or the numbers."
        ) from error
    return [float(sigma) for sigma in metainfo['sigmas']]
