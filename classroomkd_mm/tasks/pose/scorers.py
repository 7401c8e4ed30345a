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
    """What the scorers of pose models share: sigmas, and who teaches which point.

    Args:
        sigmas (str | Sequence[float]): The keypoints' sigmas of OKS, or the data
            set of MMPose whose they are.

    Raises:
        TypeError: If ``sigmas`` is neither.
        ValueError: If MMPose has no such data set.
    """

    task = 'pose'
    kind: str
    """What the student's output has to be."""

    def __init__(self, sigmas: str | Sequence[float] = 'coco') -> None:
        super().__init__()
        values = _dataset_sigmas(sigmas) if isinstance(sigmas, str) else sigmas
        if not all(isinstance(value, (int, float)) and value > 0 for value in values):
            raise TypeError(
                f'sigmas must be positive numbers or the name of a data set, but got '
                f'{sigmas!r}.'
            )
        self.sigmas_of = sigmas
        self.register_buffer('sigmas', torch.tensor(values), persistent=False)
        self.register_buffer('taught', None, persistent=False)

    def prepare(self, student: nn.Module, mentors: Any) -> None:
        """Learn who is in the classroom, before the first batch.

        Args:
            student (nn.Module): The student.
            mentors (Mentors): The mentors.

        Raises:
            ValueError: If the student is no pose model of this scorer's kind, or
                has another number of keypoints than there are sigmas.
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
                'The student has an MSPNHead, whose targets are heatmaps of several '
                'widths at once. It can be a mentor, but no student: take a student '
                'with HeatmapHead, ViPNASHead or CPMHead.'
            )
        if not len(self.sigmas):  # of a data set that has none
            self.sigmas = torch.full((form.num_points,), DEFAULT_SIGMA)
        if len(self.sigmas) != form.num_points:
            raise ValueError(
                f'{type(self).__name__} has {len(self.sigmas)} sigmas '
                f'({self.sigmas_of!r}), but the student {form.num_points} keypoints. '
                "Set `sigmas` to the student's data set, such as 'mpii', or to a list."
            )
        self.taught = torch.stack([mentor.aligner.taught for mentor in mentors])

    def visible(self, data_samples: Sequence[BaseDataElement]) -> Tensor:
        """Tell which keypoints of a batch have a weight.

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
    """Score heatmap pose models by how near their peaks are to the truth.

    Source: docs/method.md, "Pose", step 1.

    Args:
        score (str): 'oks', the similarity of COCO's evaluation between the largest
            values of the maps and of the targets; 'likelihood', of the target
            under the map's spatial softmax; 'task_loss', mean squared error.
            Defaults to 'oks'.
        sigmas (str | Sequence[float]): For 'oks', one sigma for each keypoint, or
            the data set of MMPose whose they are ('coco', 'mpii', …, or the path
            of a file with ``dataset_info``). 0.05 each where it has none. Defaults
            to 'coco'.
        sharpness (float): For 'likelihood', multiplies the maps before the
            softmax. Defaults to 1.
        scale (float): For 'task_loss', the error that costs a factor of e.
            Defaults to 0.001: an untrained student has about 0.004, a good model
            0.0005.

    Raises:
        TypeError: If an option is of a wrong type.
        ValueError: If an option has a wrong value.
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
            mentor_outputs (Sequence[Tensor]): n tensors like it.
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
        # What is not there has no place to compare, but a whole map that is wrong.
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
    """Score SimCC pose models by how near their peaks are to the truth.

    Source: docs/method.md, "Pose", step 1: OKS, distances in the student's bins.

    Args:
        sigmas (str | Sequence[float]): As in HeatmapScorer. Defaults to 'coco'.

    Raises:
        TypeError: If ``sigmas`` is of a wrong type.
        ValueError: If MMPose has no such data set.
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
            mentor_outputs (Sequence[tuple[Tensor, Tensor]]): n pairs like it.
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
    """Put the fields of all samples into one tensor, an empty one without samples."""
    return torch.cat(list(fields)) if fields else empty


def _dataset_sigmas(name: str) -> list[float]:
    """Read the sigmas of a data set that MMPose describes, [] if it has none."""
    # Here, since nothing but a pose run has sigmas: the import takes seconds.
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    path = name if name.endswith('.py') else f'configs/_base_/datasets/{name}.py'
    try:
        metainfo: Mapping[str, Any] = parse_pose_metainfo(dict(from_file=path))
    except FileNotFoundError as error:
        raise ValueError(
            f'sigmas={name!r}: MMPose has no description of such a data set ({path}). '
            "Give 'coco', 'mpii', …, the path of a file with `dataset_info`, or the "
            'numbers.'
        ) from error
    return [float(sigma) for sigma in metainfo['sigmas']]
