# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Checkpoint layouts of the families of published CIFAR networks."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from torch import Tensor


class Architecture(NamedTuple):
    """A network of the benchmark.

    Attributes:
        name (str): The name of its base config, such as 'resnet8x4' or 'wrn-16-2'.
        backbone (dict): The config of its backbone.
    """

    name: str
    backbone: dict


class Family(NamedTuple):
    """A family of networks with the same layer names.

    Attributes:
        markers (tuple[str, ...]): Names that identify a checkpoint of the family.
        describe (Callable): Determines the member of the family from the tensors;
            returns None if the benchmark has no such member.
        rename (Callable): Maps the published name of a backbone tensor to its name in
            this package. Unknown names are returned unchanged.
    """

    markers: tuple[str, ...]
    describe: Callable[[Mapping[str, Tensor]], Architecture | None]
    rename: Callable[[str], str]


def rename_head(name: str) -> str | None:
    """Map the name of a classifier tensor.

    Args:
        name (str): A published name.

    Returns:
        str | None: The name in ``LinearClsHead``, or None for a backbone tensor.
    """
    match = re.fullmatch(r'(?:fc|linear|classifier(?:\.0)?)\.(weight|bias)', name)
    return match and f'head.fc.{match[1]}'


def count_blocks(state_dict: Mapping[str, Tensor], pattern: str) -> tuple[int, ...]:
    """Count the blocks in each stage.

    Args:
        state_dict (Mapping[str, Tensor]): Tensors by their published names.
        pattern (str): Regular expression that matches the name of one tensor per block;
            its group is the stage.

    Returns:
        tuple[int, ...]: The number of blocks per stage.
    """
    stages = [m[1] for m in map(re.compile(pattern).fullmatch, state_dict) if m]
    return tuple(stages.count(stage) for stage in sorted(set(stages)))


def describe_resnet(state_dict: Mapping[str, Tensor]) -> Architecture | None:
    """Describe a three-stage ResNet, with a base width of 16, or of 64 as "x4"."""
    blocks = count_blocks(state_dict, r'layer(\d)\.\d+\.conv1\.weight')
    depth = 6 * blocks[0] + 2
    stem = len(state_dict['conv1.weight'])
    base = len(state_dict['layer1.0.conv1.weight'])
    suffix = {(16, 16): '', (32, 64): 'x4'}.get((stem, base))
    if suffix is None or len(blocks) != 3 or depth not in (8, 14, 20, 32, 44, 56, 110):
        return None
    backbone = dict(depth=depth, stem_channels=stem, base_channels=base)
    return Architecture(
        f'resnet{depth}{suffix}', dict(type='mmpretrain.CIFARResNet', **backbone)
    )


def describe_four_stage_resnet(state_dict: Mapping[str, Tensor]) -> Architecture | None:
    """Describe ResNet18, 34 or 50 with the stem for small images."""
    blocks = count_blocks(state_dict, r'layer(\d)\.\d+\.conv1\.weight')
    bottleneck = 'layer1.0.conv3.weight' in state_dict
    depth = {
        ((2, 2, 2, 2), False): 18,
        ((3, 4, 6, 3), False): 34,
        ((3, 4, 6, 3), True): 50,
    }.get((blocks, bottleneck))
    if depth is None:
        return None
    return Architecture(
        f'resnet{depth}', dict(type='mmpretrain.ResNet_CIFAR', depth=depth)
    )


def describe_wide_resnet(state_dict: Mapping[str, Tensor]) -> Architecture | None:
    """Describe a wide ResNet of any depth and width."""
    blocks = count_blocks(state_dict, r'block(\d)\.layer\.\d+\.conv1\.weight')
    depth = 6 * blocks[0] + 4
    width, rest = divmod(len(state_dict['block1.layer.0.conv1.weight']), 16)
    if rest:
        return None
    return Architecture(
        f'wrn-{depth}-{width}',
        dict(type='mmpretrain.CIFARWideResNet', depth=depth, widen_factor=width),
    )


def describe_vgg(state_dict: Mapping[str, Tensor]) -> Architecture | None:
    """Describe a VGG; its depth counts two linear layers that are not present."""
    depth = 3 + sum(count_blocks(state_dict, r'block(\d)\.\d+\.running_mean'))
    if depth not in (8, 11, 13, 16, 19):
        return None
    return Architecture(f'vgg{depth}', dict(type='mmpretrain.CIFARVGG', depth=depth))


def rename_resnet(name: str) -> str:
    """Map ``shortcut`` to ``downsample``; other names are those of MMPretrain."""
    return name.replace('.shortcut.', '.downsample.')


def rename_wide_resnet(name: str) -> str:
    """Map ``block1.layer.0.conv1.weight`` to ``stages.0.0.conv1.weight``."""
    match name.split('.'):
        case ['conv1', tensor]:
            return f'stem.{tensor}'
        case ['bn1', tensor]:
            return f'stages.2.norm.{tensor}'
        case [stage, 'layer', block, layer, tensor]:
            layer = layer.replace('convShortcut', 'shortcut')
            return f'stages.{_from_zero(stage)}.{block}.{layer}.{tensor}'
    return name


def rename_vgg(name: str) -> str:
    """Map ``block2.4.bias`` to ``stages.2.1.bn.bias``; each layer has three modules."""
    match name.split('.'):
        case [stage, index, tensor] if index.isdigit():
            position, part = divmod(int(index), 3)
            stage = stage.removeprefix('block')
            return f'stages.{stage}.{position}.{_CONV_BN[part]}.{tensor}'
    return name


def rename_mobilenet_v2(name: str) -> str:
    """Map ``blocks.1.0.conv.3.weight`` to ``stages.1.0.conv.1.conv.weight``."""
    match name.split('.'):
        case ['conv1', '0' | '1' as part, tensor]:
            return f'stem.{_CONV_BN[int(part)]}.{tensor}'
        case ['conv2', '0' | '1' as part, tensor]:
            return f'stages.7.{_CONV_BN[int(part)]}.{tensor}'
        case ['blocks', stage, block, 'conv', index, tensor] if index.isdigit():
            position, part = divmod(int(index), 3)
            layer = f'conv.{position}.{_CONV_BN[part]}'
            return f'stages.{stage}.{block}.{layer}.{tensor}'
    return name


def rename_shufflenet_v1(name: str) -> str:
    """Map ``layer1.0.bn2.bias`` to ``stages.0.0.depthwise.bn.bias``."""
    match name.split('.'):
        case ['conv1' | 'bn1' as layer, tensor]:
            return f'stem.{layer[:-1]}.{tensor}'
        case [stage, block, layer, tensor] if layer[-1] in '123':
            part, number = layer[:-1], int(layer[-1])
            place = ('compress', 'depthwise', 'expand')[number - 1]
            return f'stages.{_from_zero(stage)}.{block}.{place}.{part}.{tensor}'
    return name


def rename_shufflenet_v2(name: str) -> str:
    """Map ``layer1.0.bn2.bias`` to ``stages.0.0.branch1.1.bn.bias``."""
    match name.split('.'):
        case ['conv1' | 'bn1' as layer, tensor]:
            return f'stem.{layer[:-1]}.{tensor}'
        case ['conv2' | 'bn2' as layer, tensor]:
            return f'stages.3.{layer[:-1]}.{tensor}'
        case [stage, block, layer, tensor] if layer[-1] in '12345':
            part, index = layer[:-1], int(layer[-1]) - 1
            if block == '0':  # two layers of the left branch, then the right
                place = f'branch1.{index}' if index < 2 else f'branch2.{index - 2}'
            else:
                place = f'branch2.{index}'
            return f'stages.{_from_zero(stage)}.{block}.{place}.{part}.{tensor}'
    return name


_CONV_BN = ('conv', 'bn', 'activate')  # in order, named as in ConvModule


def _from_zero(stage: str) -> int:
    """Convert 'layer1' or 'block1' to 0."""
    return int(stage[-1]) - 1


def _only(name: str, backbone: str) -> Callable[[Mapping[str, Tensor]], Architecture]:
    """Describe the only member of a family."""
    return lambda _: Architecture(name, dict(type=f'mmpretrain.{backbone}'))


FAMILIES = (
    Family(
        ('conv1.weight', 'block1.layer.0.conv1.weight', 'fc.weight'),
        describe_wide_resnet,
        rename_wide_resnet,
    ),
    Family(
        ('block0.0.weight', 'block0.1.running_mean', 'classifier.weight'),
        describe_vgg,
        rename_vgg,
    ),
    Family(
        ('conv1.0.weight', 'blocks.0.0.conv.0.weight', 'classifier.0.weight'),
        _only('mobilenetv2-half', 'CIFARMobileNetV2'),
        rename_mobilenet_v2,
    ),
    Family(
        ('conv2.weight', 'layer1.0.conv5.weight', 'linear.weight'),
        _only('shufflenetv2', 'CIFARShuffleNetV2'),
        rename_shufflenet_v2,
    ),
    Family(
        ('conv1.weight', 'layer4.0.conv1.weight', 'linear.weight'),
        describe_four_stage_resnet,
        rename_resnet,
    ),
    Family(
        ('conv1.weight', 'layer1.0.conv3.weight', 'linear.weight'),
        _only('shufflenetv1', 'CIFARShuffleNetV1'),
        rename_shufflenet_v1,
    ),
    Family(
        ('conv1.weight', 'layer1.0.conv1.weight', 'fc.weight'),
        describe_resnet,
        rename_resnet,
    ),
)
"""The families, in matching order: the first whose markers all exist is used."""
