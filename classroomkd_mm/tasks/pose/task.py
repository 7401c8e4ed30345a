# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from ...networks import is_of_package
from ..inputs import InputAdapter, Normalization
from ..names import dataset_meta_of, map_by_name
from ..task import TASKS, Task
from .alignment import PoseAligner, build_aligner
from .examples import example_batch
from .form import SIMCC, PoseForm, pose_form
from .inputs import build_pose_adapter, mirror_crops
from .scoring import keypoint_similarity, peaks_of
from .targets import wrong_targets

# The best weights on the stick figures; see docs/pose.md, "Losses".
HEATMAP_WEIGHT = 8.0
SIMCC_WEIGHT = 0.1


@TASKS.register_module(name='pose')
class PoseTask(Task):
    """MMPose's top-down pose models with heatmaps or SimCC vectors.

    Mentor options: ``keypoint_map``, for each keypoint of the student the index of the
    mentor's keypoint, or None.
    """

    mentor_options = ('keypoint_map',)
    unit: ClassVar[str] = 'keypoints'

    def fits(self, network: nn.Module) -> bool:
        """Whether a network is an MMPose model.

        Args:
            network (nn.Module): A student, or a mentor's network.

        Returns:
            bool: True for an MMPose model.
        """
        return is_of_package(network, 'mmpose')

    def distiller(self, student: nn.Module) -> dict[str, Any]:
        """Return the default distiller: scores by OKS, KL loss at the last layers.

        Args:
            student (nn.Module): The student.

        Returns:
            dict: Configs of scorer, recorders and loss.

        Raises:
            ValueError: If the student has neither heatmaps nor SimCC vectors.
        """
        form = pose_form(student, 'The student')
        if form.kind == SIMCC:
            return _simcc_distiller(student.head, form)
        last = 'final_layer'
        if hasattr(student.head, 'multi_final_layers'):
            last = f'multi_final_layers.{len(student.head.multi_final_layers) - 1}'
        weight = HEATMAP_WEIGHT / (form.cells[0] * form.cells[1])
        return dict(
            scorer=dict(type='HeatmapScorer'),
            student_recorders=dict(heatmaps=_outputs_of(last)),
            distill_losses=dict(
                loss_heatmap=dict(type='HeatmapKDLoss', loss_weight=weight)
            ),
        )

    def output_form(self, student: nn.Module) -> dict[str, Any]:
        """Describe the student's heatmaps or SimCC vectors.

        Args:
            student (nn.Module): The student.

        Returns:
            dict: The fields of its PoseForm.
        """
        return pose_form(student, 'The student')._asdict()

    def align_output(
        self,
        mentor: str,
        network: nn.Module,
        student: nn.Module,
        input_size: tuple[int, int] | None,
        options: Mapping[str, Any],
    ) -> PoseAligner:
        """Build the module that interpolates a mentor's output at the student's cells.

        Args:
            mentor (str): The mentor's name, for messages.
            network (nn.Module): The mentor's network.
            student (nn.Module): The student.
            input_size (tuple[int, int], optional): Not used; the codec defines it.
            options (Mapping): May contain ``keypoint_map``.

        Returns:
            PoseAligner: A module that maps the mentor's output to the student's form.

        Raises:
            ValueError: If the output cannot be converted to the student's form.
        """
        return build_aligner(mentor, network, student, options.get('keypoint_map'))

    def options_from_data(
        self,
        mentor: str,
        network: nn.Module,
        student: nn.Module,
        metainfo: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Map the keypoints by name, if the mentor's have another order.

        Names are compared only if there is one for each keypoint of both networks,
        since a pipeline may convert the dataset's keypoints to others.

        Args:
            mentor (str): The mentor's name, for messages.
            network (nn.Module): The mentor's network.
            student (nn.Module): The student.
            metainfo (Mapping): Metainfo of the student's dataset.
            options (Mapping): Options of the mentor. A ``keypoint_map`` takes
                precedence over the names.

        Returns:
            dict: ``keypoint_map``; empty if the order is the same or unknown.

        Raises:
            ValueError: If the names contradict each other.
        """
        ours, theirs = (
            keypoint_names(metainfo),
            keypoint_names(dataset_meta_of(network)),
        )
        number = pose_form(student, 'The student').num_points
        if 'keypoint_map' in options or not len(ours) == len(theirs) == number:
            return {}
        keypoint_map = map_by_name(mentor, 'keypoint', ours, theirs)
        return {} if keypoint_map is None else {'keypoint_map': keypoint_map}

    def wrong_targets(
        self, student: nn.Module, data_samples: Sequence[BaseDataElement]
    ) -> dict[int, str]:
        """Find targets with other keypoints or of another size than the student's.

        Args:
            student (nn.Module): The student.
            data_samples (Sequence[BaseDataElement]): N samples, in host memory.

        Returns:
            dict[int, str]: What is wrong, by position in the batch.
        """
        return wrong_targets(data_samples, pose_form(student, 'The student'))

    def adapt_input(
        self,
        mentor: str,
        student: Normalization | None,
        network: Normalization | None,
        input_size: tuple[int, int] | None,
        aligner: PoseAligner,
    ) -> InputAdapter:
        """Build the module that provides crops at the size of the mentor's codec.

        Args:
            mentor (str): The mentor's name, for messages.
            student (Normalization, optional): Normalisation of the student's images.
            network (Normalization, optional): Normalisation of the mentor's images.
            input_size (tuple[int, int], optional): Size in the config.
            aligner (PoseAligner): The mentor's aligner, which holds both codecs.

        Returns:
            InputAdapter: A module that maps the student's crops to the mentor's.

        Raises:
            ValueError: If the size in the config differs from that of the codec.
        """
        return build_pose_adapter(mentor, student, network, input_size, aligner)

    def predict(
        self,
        student: nn.Module,
        mentor: Callable[[Tensor, Sequence[BaseDataElement]], Any],
        inputs: Tensor,
        data_samples: Sequence[BaseDataElement],
    ) -> Sequence[BaseDataElement]:
        """Decode a mentor's output with the student's head, including the flip test.

        Args:
            student (nn.Module): The student, in eval mode.
            mentor (Callable): Returns heatmaps or SimCC logits for a batch.
            inputs (Tensor): The student's normalised crops, (N, C, H, W).
            data_samples (Sequence[BaseDataElement]): N samples.

        Returns:
            Sequence[BaseDataElement]: The samples with predicted keypoints.
        """
        output = mentor(inputs, data_samples)
        if student.test_cfg.get('flip_test', False):
            mirrored = mentor(inputs.flip(-1), mirror_crops(data_samples))
            indices = data_samples[0].metainfo['flip_indices']
            output = _mean_of_flips(output, mirrored, indices, student.test_cfg)
        found = student.head.decode(output)
        return student.add_pred_to_datasample(found, None, data_samples)

    def guess(self, student: nn.Module, output: Any) -> Any:
        """Find every keypoint in the middle of the crop.

        Args:
            student (nn.Module): The student.
            output (Tensor | tuple[Tensor, Tensor]): Heatmaps (N, K, H, W), or SimCC
                vectors of x (N, K, W) and y (N, K, H).

        Returns:
            Tensor | tuple[Tensor, Tensor]: The same form.
        """
        guess = super().guess(student, output)
        for part in guess if isinstance(guess, tuple) else (guess,):
            middle = tuple(size // 2 for size in part.shape[2:])
            part[(..., *middle)] = 1
        return guess

    def agreement(self, one: Any, other: Any) -> Tensor:
        """Compute the OKS between the keypoints of two members.

        Args:
            one (Tensor | tuple[Tensor, Tensor]): Heatmaps or SimCC vectors.
            other (Tensor | tuple[Tensor, Tensor]): The same.

        Returns:
            Tensor: Float (N,), from 0 to 1.
        """
        (places, size), (others, _) = peaks_of(one), peaks_of(other)
        return keypoint_similarity(places, others, size).mean(dim=1)

    def with_targets(
        self, dataset: Mapping[str, Any], train: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Generate targets as in training, for annotated instead of detected people.

        Args:
            dataset (Mapping): Config of the dataset for validation.
            train (Mapping): That of the dataset for training, which may wrap another.

        Returns:
            dict: The config, with GenerateTarget before the last step of its pipeline.
        """
        targets = [
            step
            for step in _steps_of(train)
            if str(step.get('type')).endswith('GenerateTarget')
        ]
        pipeline = dataset.get('pipeline')
        if not targets or not pipeline:
            return dict(dataset)
        annotated = {'test_mode': False} if 'test_mode' in dataset else {}
        annotated |= {'bbox_file': None} if 'bbox_file' in dataset else {}
        pipeline = [*pipeline[:-1], *targets, pipeline[-1]]
        return {**dataset, **annotated, 'pipeline': pipeline}

    def example_batches(
        self, student: nn.Module
    ) -> list[tuple[Tensor, Sequence[BaseDataElement]]]:
        """Generate crops of the size of the student's codec.

        Args:
            student (nn.Module): The student.

        Returns:
            list: One batch of crops (N, C, H, W) and N samples with targets.
        """
        return [example_batch(student)]


def _steps_of(dataset: Mapping[str, Any]) -> list[Any]:
    """Read the pipeline of a dataset, after that of the (first) one that it wraps."""
    inner = dataset.get('dataset') or next(iter(dataset.get('datasets') or ()), None)
    return [*(_steps_of(inner) if inner else ()), *(dataset.get('pipeline') or ())]


def keypoint_names(metainfo: Mapping[str, Any]) -> list[str]:
    """Read the keypoint names of a dataset.

    Args:
        metainfo (Mapping): Metainfo of the dataset.

    Returns:
        list[str]: Names in order; empty if unknown.
    """
    return [name for _, name in sorted(metainfo.get('keypoint_id2name', {}).items())]


def _simcc_distiller(head: nn.Module, form: PoseForm) -> dict[str, Any]:
    """Return the default distiller of a SimCC student."""
    layer = 'cls' if hasattr(head, 'cls_x') else 'mlp_head'
    return dict(
        scorer=dict(type='SimCCScorer'),
        student_recorders={
            f'simcc_{axis}': _outputs_of(f'{layer}_{axis}') for axis in 'xy'
        },
        output=('simcc_x', 'simcc_y'),
        distill_losses=dict(
            loss_simcc=dict(
                type='SimCCKDLoss', sharpness=form.gain, loss_weight=SIMCC_WEIGHT
            )
        ),
    )


def _mean_of_flips(
    output: Any, mirrored: Any, indices: Sequence[int], options: Mapping[str, Any]
) -> Any:
    """Average an output with that for mirrored crops, as the heads of MMPose do."""
    from mmpose.models.utils.tta import flip_heatmaps, flip_vectors

    if not isinstance(output, Tensor):
        mirrored = flip_vectors(*mirrored, flip_indices=indices)
        return tuple((a + b) / 2 for a, b in zip(output, mirrored, strict=True))
    mirrored = flip_heatmaps(
        mirrored,
        flip_indices=indices,
        flip_mode=options.get('flip_mode', 'heatmap'),
        shift_heatmap=options.get('shift_heatmap', False),
    )
    return (output + mirrored) / 2


def _outputs_of(layer: str) -> dict[str, str]:
    """Record a layer of the head, since MMPose bypasses hooks on the head itself."""
    return dict(type='ModuleOutputs', source=f'head.{layer}')
