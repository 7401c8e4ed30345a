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


def _outputs_of(layer: str) -> dict[str, str]:
    """Record a layer of the head, since MMPose bypasses hooks on the head itself."""
    return dict(type='ModuleOutputs', source=f'head.{layer}')
