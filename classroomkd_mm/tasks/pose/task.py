# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Mapping
from typing import Any

from torch import nn

from ...networks import is_of_package
from ..inputs import InputAdapter, Normalization
from ..task import TASKS, Task
from .alignment import PoseAligner, build_aligner
from .form import SIMCC, PoseForm, pose_form
from .inputs import build_pose_adapter

# See docs/pose.md, "Losses": what did best on drawn people, for maps of any size.
HEATMAP_WEIGHT = 8.0
SIMCC_WEIGHT = 0.1


@TASKS.register_module(name='pose')
class PoseTask(Task):
    """Top-down pose models of MMPose with heatmaps or SimCC vectors.

    Mentor options: ``keypoint_map``, for each keypoint of the student the number of
    the mentor's, or None.
    """

    mentor_options = ('keypoint_map',)

    def fits(self, network: nn.Module) -> bool:
        """Tell a model of MMPose.

        Args:
            network (nn.Module): A student, or a mentor's network.

        Returns:
            bool: Whether it is one.
        """
        return is_of_package(network, 'mmpose')

    def distiller(self, student: nn.Module) -> dict[str, Any]:
        """Score by OKS and teach by KL, at the last layers of the student's head.

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
        """Interpolate a mentor's maps or vectors at the student's cells.

        Args:
            mentor (str): The mentor's name, for messages.
            network (nn.Module): The mentor's network.
            student (nn.Module): The student.
            input_size (tuple[int, int], optional): Not used: the codec tells.
            options (Mapping): May hold ``keypoint_map``.

        Returns:
            PoseAligner: From the mentor's output to the student's form.

        Raises:
            ValueError: If the output cannot be brought into the student's form.
        """
        return build_aligner(mentor, network, student, options.get('keypoint_map'))

    def adapt_input(
        self,
        mentor: str,
        student: Normalization | None,
        network: Normalization | None,
        input_size: tuple[int, int] | None,
        aligner: PoseAligner,
    ) -> InputAdapter:
        """Give a mentor crops of the size of its codec.

        Args:
            mentor (str): The mentor's name, for messages.
            student (Normalization, optional): How the student's images are
                normalised.
            network (Normalization, optional): How the mentor's have to be.
            input_size (tuple[int, int], optional): What the config says.
            aligner (PoseAligner): Knows both codecs.

        Returns:
            InputAdapter: From the student's crops to the mentor's.

        Raises:
            ValueError: If the config gives another size than the codec.
        """
        return build_pose_adapter(mentor, student, network, input_size, aligner)


def _simcc_distiller(head: nn.Module, form: PoseForm) -> dict[str, Any]:
    """Record the layers that give the x and the y vectors."""
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


def _outputs_of(layer: str) -> dict[str, str]:
    """Record a layer: MMPose calls the head's forward past the hooks on the head."""
    return dict(type='ModuleOutputs', source=f'head.{layer}')
