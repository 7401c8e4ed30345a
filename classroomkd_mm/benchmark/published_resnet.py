# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A network that others published for CIFAR-100, as a plain PyTorch module."""

import torch.nn.functional as F
from torch import Tensor, nn

STEM, WIDTHS = 64, (16, 32, 64)


class PublishedResNet(nn.Module):
    """A ResNet for images of 32 x 32 without a ReLU behind its sums.

    Its three stages have blocks of two convolutions. In the first block of each, the
    shortcut is a convolution where width or stride change, and the identity elsewhere.
    The ReLU follows each stage. Pooling leaves 2 x 2 cells, which are flattened.

    The suite ``cifar100`` has such networks as mentors, by import path: like what a
    user has at hand, they are neither of OpenMMLab nor of the CRD benchmark.

    Source: the keys and the logits of these networks, which a test compares. Where they
    were published is not recorded.

    Args:
        depth (int): 6 n + 2, for n blocks in each stage.
        num_classes (int): Number of classes. Defaults to 100.

    Raises:
        ValueError: If there is no network of this depth.
    """

    def __init__(self, depth: int, num_classes: int = 100) -> None:
        super().__init__()
        blocks, rest = divmod(depth - 2, 6)
        if rest or blocks < 1:
            raise ValueError(f'depth={depth} must be 6 n + 2: 8, 14, 20, 26, …')
        self.conv1 = nn.Conv2d(3, STEM, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(STEM)
        self.layer1 = stage(STEM, WIDTHS[0], 1, blocks)
        self.layer2 = stage(WIDTHS[0], WIDTHS[1], 2, blocks)
        self.layer3 = stage(WIDTHS[1], WIDTHS[2], 2, blocks)
        self.pool = nn.AvgPool2d(4)
        self.linear = nn.Linear(4 * WIDTHS[2], num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Classify images.

        Args:
            images (Tensor): Normalised RGB, (N, 3, 32, 32).

        Returns:
            Tensor: Logits (N, num_classes).
        """
        features = F.relu(self.bn1(self.conv1(images)))
        for layer in (self.layer1, self.layer2, self.layer3):
            features = F.relu(layer(features))
        return self.linear(self.pool(features).flatten(1))


class Block(nn.Module):
    """Two convolutions beside a shortcut; no activation behind the sum.

    Args:
        in_channels (int): Channels of the input.
        channels (int): Channels of the output.
        stride (int): Stride of the first convolution.
    """

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential()
        if stride != 1 or in_channels != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride, bias=False),
                nn.BatchNorm2d(channels),
            )

    def forward(self, features: Tensor) -> Tensor:
        """Add two convolutions to the shortcut.

        Args:
            features (Tensor): (N, in_channels, H, W).

        Returns:
            Tensor: (N, channels, H / stride, W / stride).
        """
        inner = F.relu(self.bn1(self.conv1(features)))
        return self.bn2(self.conv2(inner)) + self.shortcut(features)


def stage(in_channels: int, channels: int, stride: int, blocks: int) -> nn.Sequential:
    """Put the blocks of a stage together.

    Args:
        in_channels (int): Channels of its input.
        channels (int): Channels of its blocks.
        stride (int): Stride of the first block.
        blocks (int): Number of blocks.

    Returns:
        nn.Sequential: The stage.
    """
    first = Block(in_channels, channels, stride)
    return nn.Sequential(
        first, *(Block(channels, channels, 1) for _ in range(blocks - 1))
    )
