# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from ..networks import run_network
from ..tasks.inputs import InputAdapter
from ..tasks.network_input import input_channels, try_network


class Mentor(nn.Module):
    """One frozen mentor.

    It always stays in eval mode (including dropout and stochastic depth), has no
    gradient, and derives its own input from the student's batch.

    Source: docs/architecture.md, promises 1 and 2.

    Args:
        name (str): Name in the classroom.
        network (nn.Module): An OpenMMLab model, whose ``mode='tensor'`` output is
            used, or any module that maps images to logits.
        adapter (InputAdapter): Maps the student's batch to the mentor's input.
        source (str): Source of the network and its weights.
        aligner (nn.Module, optional): Maps the mentor's output to the student's form,
            for example a PoseAligner or a ClassAligner.
        task_options (Mapping, optional): Options of the task in the config.
    """

    def __init__(
        self,
        name: str,
        network: nn.Module,
        adapter: InputAdapter,
        source: str,
        aligner: nn.Module | None = None,
        task_options: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        self.network = network
        self.adapter = adapter
        self.source = source
        self.aligner = aligner
        self.task_options = task_options or {}
        self.channels = input_channels(network)
        #: Channels, height and width of its last images; None before the first.
        self.image_shape: torch.Size | None = None
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> 'Mentor':
        """Stay in eval mode.

        Args:
            mode (bool): Ignored.

        Returns:
            Mentor: Itself.
        """
        return super().train(False)

    @torch.no_grad()
    def forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[BaseDataElement] | None = None,
    ) -> Any:
        """Run the network on the student's batch.

        Args:
            inputs (Tensor): The student's normalised images, (N, C, H, W).
            data_samples (Sequence[BaseDataElement], optional): N samples, which
                may contain images for the mentor.

        Returns:
            Any: The network's output in the student's form: logits (N, C), heatmaps
            (N, K, H, W), or a tuple of tensors.

        Raises:
            ValueError: If the network cannot process images of this shape.
        """
        images = self.adapter(inputs, data_samples)
        if images.shape[1] == 1 and self.channels == 3:
            images = images.expand(-1, 3, -1, -1)  # greyscale to colour
        if images.shape[1:] == self.image_shape:
            output = run_network(self.network, images)
        else:
            output = try_network(self.name, self.network, images)
            self.image_shape = images.shape[1:]
        return output if self.aligner is None else self.aligner(output)

    def fingerprint(self) -> str:
        """Compute a hash of the weights.

        Returns:
            str: SHA-256 of names, dtypes, shapes and values, in hexadecimal.
        """
        digest = hashlib.sha256()
        for key, value in sorted(self.network.state_dict().items()):
            digest.update(f'{key} {value.dtype} {tuple(value.shape)};'.encode())
            flat = value.detach().cpu().contiguous().reshape(-1)
            digest.update(flat.view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()
