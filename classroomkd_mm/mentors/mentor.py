# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from ..fingerprints import digest
from ..nested import map_tensors
from ..networks import run_network
from ..tasks.inputs import InputAdapter
from ..tasks.network_input import input_channels, try_network, wrong_size
from .all_recorded import AllRecorded
from .fast import Speed, speed_up

RANDOM_WEIGHTS = 'random weights'
"""Origin of the weights of a mentor with ``ckpt=None``."""


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
        # In a tuple, it is no child: where a rewritten copy of it runs, it does not go
        # to the accelerator.
        self._own = (network,)
        self.running = network
        self.adapter = adapter
        self.source = source
        self.aligner = aligner
        self.task_options = task_options or {}
        self.channels = input_channels(network)
        self._speed = Speed(fast=False)
        #: Channels, height and width of the images that it saw last.
        self.image_shape: torch.Size | None = None
        self.requires_grad_(False)
        self.eval()

    @property
    def is_random(self) -> bool:
        """bool: Whether the config asks for random weights."""
        return self.source.endswith(RANDOM_WEIGHTS)

    @property
    def network(self) -> nn.Module:
        """nn.Module: The network as it was built, with the weights of its checkpoint.

        ``running`` is what runs: the network itself, or a faster copy. In the second
        case, the weights of the network are on the disk, see :mod:`.on_disk`.
        """
        return self._own[0]

    @property
    def every(self) -> int:
        """int: It teaches at every so many iterations."""
        return self._speed.every

    def train(self, mode: bool = True) -> 'Mentor':
        """Stay in eval mode.

        Args:
            mode (bool): Ignored.

        Returns:
            Mentor: Itself.
        """
        return super().train(False)

    def speed_up(self, speed: Speed) -> None:
        """Have a faster copy of the network run in its place.

        Args:
            speed (Speed): How.
        """
        self._speed = speed
        self.running = speed_up(self.name, self.network, speed, self.adapter.size)
        self.requires_grad_(False)
        self.eval()

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
            (N, K, H, W), or a tuple of tensors; None if it stopped early, since only
            its records are needed.

        Raises:
            ValueError: If the network cannot process images of this shape.
        """
        return self.answer(self.adapter(inputs, data_samples))

    @torch.no_grad()
    def answer(self, images: Tensor) -> Any:
        """Look at images that are adapted already.

        Args:
            images (Tensor): What the adapter gives, (N, C, H, W).

        Returns:
            Any: As :meth:`forward`.

        Raises:
            ValueError: If the network cannot take images of this shape.
        """
        if images.shape[1] == 1 and self.channels == 3:
            images = images.expand(-1, 3, -1, -1)  # a grey image, read as colour
        dtype = images.dtype
        if self._speed.dtype:
            images = images.to(next(self.running.parameters()).dtype)
        try:
            if images.shape[1:] == self.image_shape:
                output = run_network(self.running, images)
            else:
                output = try_network(self.name, self.running, images)
                self.image_shape = images.shape[1:]
        except AllRecorded:
            self.image_shape = images.shape[1:]
            return None
        if self._speed.dtype:
            output = map_tensors(lambda x: x.to(dtype), output)
        return output if self.aligner is None else self.aligner(output)

    def size_warning(self) -> str | None:
        """Compare the images that it saw last with those that it was built for.

        Returns:
            str | None: A warning if their size differs.
        """
        if self.image_shape is None:
            return None
        return wrong_size(self.name, self.network, self.image_shape[-2:])

    def fingerprint(self) -> str:
        """Identify the weights of the network.

        Returns:
            str: SHA-256 of names, dtypes, shapes and values, in hexadecimal.
        """
        return weights_fingerprint(self.network)

    def description(self) -> dict[str, Any]:
        """Describe the mentor for a checkpoint.

        Returns:
            dict: ``source`` and ``sha256`` of the weights, what makes its ``input``
            from the student's batch, and what makes the student's form from its
            ``output``, such as the map of classes; all in plain values.
        """
        adapter = self.adapter
        return dict(
            source=self.source,
            sha256=self.fingerprint(),
            input=dict(size=adapter.size, swap=adapter.swap, **plain_buffers(adapter)),
            output=plain_buffers(self.aligner) if self.aligner is not None else {},
        )


def plain_buffers(module: nn.Module) -> dict[str, Any]:
    """Describe the buffers of a module.

    Args:
        module (nn.Module): The module.

    Returns:
        dict: By name a flat list of the values, or of many the SHA-256.
    """
    return {name: plain_values(value) for name, value in module.named_buffers()}


def plain_values(values: Tensor) -> list | str:
    """Describe a tensor.

    Args:
        values (Tensor): Of any shape.

    Returns:
        list | str: The values as a flat list, or of more than 1,000 the SHA-256.
    """
    return values.flatten().tolist() if values.numel() <= 1000 else digest(values)


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
