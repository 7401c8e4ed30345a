# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from typing import Any

from mmrazor.models.task_modules import ModuleOutputsRecorder
from mmrazor.registry import TASK_UTILS
from torch import nn

from ...tasks.classification.heads import answer_logits


@TASK_UTILS.register_module()
class ClassifierLogitsRecorder(ModuleOutputsRecorder):
    """Record the logits from which a classifier predicts.

    These are the output of its head, unless the head adds a margin in training or has
    several branches; see
    :func:`~classroomkd_mm.tasks.classification.heads.answer_logits`.

    Args:
        source (str): Name of the head.
    """

    def forward_hook(self, module: nn.Module, inputs: tuple, outputs: Any) -> None:
        """Save the logits.

        Args:
            module (nn.Module): The head.
            inputs (tuple): Its positional arguments.
            outputs (Any): Its output.
        """
        if self.recording:
            self.data_buffer.append(answer_logits(module, inputs, outputs))
