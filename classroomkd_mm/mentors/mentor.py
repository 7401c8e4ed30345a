# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import hashlib
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from ..networks import run_network
from ..tasks.inputs import InputAdapter


class Mentor(nn.Module):
    """One frozen mentor.

    It is in eval mode for good (dropout and stochastic depth too), has no
    gradient, and gets its own input from the student's batch.

    Source: docs/architecture.md, promises 1 and 2.

    Args:
        name (str): Its name in the classroom.
        network (nn.Module): An OpenMMLab model, whose ``mode='tensor'`` output is
            used, or any module that maps images to logits.
        adapter (InputAdapter): From the student's batch to the mentor's input.
        source (str): Where the network and its weights are from.
        aligner (nn.Module, optional): From the mentor's output to the student's
            form: a PoseAligner or a ClassAligner.
    """

    def __init__(
        self,
        name: str,
        network: nn.Module,
        adapter: InputAdapter,
        source: str,
        aligner: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        self.network = network
        self.adapter = adapter
        self.source = source
        self.aligner = aligner
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> 'Mentor':
        """Stay in eval mode whatever is asked.

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
        """Look at the student's batch.

        Args:
            inputs (Tensor): The student's normalised images, (N, C, H, W).
            data_samples (Sequence[BaseDataElement], optional): N samples, which
                may carry images for the mentor.

        Returns:
            Any: Logits (N, C), heatmaps (N, K, H, W), or a tuple of tensors: what
            the network gives, in the student's form.
        """
        output = run_network(self.network, self.adapter(inputs, data_samples))
        return output if self.aligner is None else self.aligner(output)

    def fingerprint(self) -> str:
        """Identify the weights.

        Returns:
            str: The SHA-256 of names, types and values, in hexadecimal.
        """
        return weights_fingerprint(self.network)


def weights_fingerprint(network: nn.Module) -> str:
    """Identify the weights of a network.

    Args:
        network (nn.Module): The network.

    Returns:
        str: The SHA-256 of names, types and values, in hexadecimal.
    """
    digest = hashlib.sha256()
    for key, value in sorted(network.state_dict().items()):
        digest.update(f'{key} {value.dtype} {tuple(value.shape)};'.encode())
        flat = value.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
