# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Published checkpoints: recognised, converted, and giving the published logits.

``tests/data/cifar_checkpoints`` holds one small checkpoint for each family. More of
them, with ``<name>_logits.npy`` and ``input.npy`` beside them, are tested if
``CIFAR_CHECKPOINTS`` names their directory.
"""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS

import classroomkd_mm  # noqa: F401
import classroomkd_mm.models.backbones  # noqa: F401
from classroomkd_mm.mentors.weights.crd import convert_published, is_published

ROOT = Path(__file__).parents[3]
DATA = ROOT / 'tests/data/cifar_checkpoints'
CONFIGS = ROOT / 'configs/_base_/models/cifar'

PUBLISHED = {
    'resnet8': 'resnet8',
    'resnet20': 'resnet20',
    'resnet56': 'resnet56',
    'resnet8x4': 'resnet8x4',
    'wrn_16_2': 'wrn-16-2',
    'vgg8': 'vgg8',
    'MobileNetV2': 'mobilenetv2-half',
    'ShuffleV1': 'shufflenetv1',
    'ShuffleV2': 'shufflenetv2',
}


def read(published):
    path = DATA / f'{published}.pth'
    if not path.exists():
        path = Path(os.environ.get('CIFAR_CHECKPOINTS', DATA), path.name)
    if not path.exists():
        pytest.skip(f'CIFAR_CHECKPOINTS names no directory with {path.name}')
    state_dict = torch.load(path, weights_only=True)['model']
    return state_dict, torch.from_numpy(np.load(f'{path.with_suffix("")}_logits.npy'))


def build(name):
    return MODELS.build(Config.fromfile(CONFIGS / f'{name}.py').model).eval()


@pytest.mark.parametrize('published', PUBLISHED)
@torch.no_grad()
def test_published_logits_are_reproduced(published):
    state_dict, logits = read(published)
    assert is_published(state_dict)
    name, converted = convert_published(state_dict)
    assert name == PUBLISHED[published]
    model = build(name)
    model.load_state_dict(converted)
    images = torch.from_numpy(np.load(DATA / 'input.npy'))
    torch.testing.assert_close(model(images), logits, atol=1e-4, rtol=0)


def published_vgg(*stage_depths):
    """Draw a VGG of random weights, as published."""
    generator = torch.Generator().manual_seed(0)
    state_dict, channels = {}, 3
    for stage, (depth, width) in enumerate(
        zip(stage_depths, (64, 128, 256, 512, 512), strict=True)
    ):
        for conv in range(depth):
            weight = torch.randn(width, channels, 3, 3, generator=generator)
            noise = torch.rand(5, width, generator=generator)
            conv_name, norm_name = (f'block{stage}.{3 * conv + i}' for i in (0, 1))
            state_dict |= {
                f'{conv_name}.weight': weight * (2 / (9 * channels)) ** 0.5,
                f'{conv_name}.bias': noise[0] - 0.5,
                f'{norm_name}.weight': noise[1] + 0.5,
                f'{norm_name}.bias': noise[2] - 0.5,
                f'{norm_name}.running_mean': noise[3] - 0.5,
                f'{norm_name}.running_var': noise[4] + 0.5,
                f'{norm_name}.num_batches_tracked': torch.tensor(7),
            }
            channels = width
    state_dict['classifier.weight'] = torch.randn(100, 512, generator=generator) * 0.1
    state_dict['classifier.bias'] = torch.randn(100, generator=generator)
    return state_dict


def vgg_logits(state_dict, x, stage_depths):
    for stage, depth in enumerate(stage_depths):
        for conv in range(depth):
            conv_name, norm_name = (f'block{stage}.{3 * conv + i}.' for i in (0, 1))
            x = F.conv2d(
                x,
                state_dict[conv_name + 'weight'],
                state_dict[conv_name + 'bias'],
                padding=1,
            )
            x = F.batch_norm(
                x,
                state_dict[norm_name + 'running_mean'],
                state_dict[norm_name + 'running_var'],
                state_dict[norm_name + 'weight'],
                state_dict[norm_name + 'bias'],
            ).relu()
        x = F.max_pool2d(x, 2) if stage < 3 else x
    x = x.mean((2, 3))
    return F.linear(x, state_dict['classifier.weight'], state_dict['classifier.bias'])


@pytest.mark.parametrize(
    ('name', 'stage_depths'), [('vgg8', (1, 1, 1, 1, 1)), ('vgg13', (2, 2, 2, 2, 2))]
)
@torch.no_grad()
def test_vgg_agrees_with_its_formula(name, stage_depths):
    """Written out, since a checkpoint of it would outweigh all others together."""
    state_dict = published_vgg(*stage_depths)
    found, converted = convert_published(state_dict)
    assert found == name
    model = build(name)
    model.load_state_dict(converted)
    images = torch.from_numpy(np.load(DATA / 'input.npy'))
    expected = vgg_logits(state_dict, images, stage_depths)
    torch.testing.assert_close(model(images), expected, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize('name', ['resnet18', 'resnet34', 'resnet50'])
def test_four_stage_resnets_keep_every_tensor(name):
    tensors = build(name).state_dict()
    published = {
        key.removeprefix('backbone.')
        .replace('downsample', 'shortcut')
        .replace('head.fc', 'linear'): tensor.half()
        if tensor.is_floating_point()
        else tensor
        for key, tensor in tensors.items()
    }
    found, converted = convert_published(published)
    assert found == name
    assert converted.keys() == tensors.keys()
    for key, tensor in tensors.items():
        assert converted[key].dtype == tensor.dtype
        torch.testing.assert_close(converted[key], tensor, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize('name', ['resnet110', 'resnet32x4'])
def test_resnet_depth_and_width_are_told_from_shapes(name):
    published = {
        key.removeprefix('backbone.').removeprefix('head.'): tensor
        for key, tensor in build(name).state_dict().items()
    }
    assert convert_published(published)[0] == name


def test_files_without_batch_counts_are_converted():
    state_dict, _ = read('resnet8')
    state_dict = {k: v for k, v in state_dict.items() if 'num_batches' not in k}
    name, converted = convert_published(state_dict)
    build(name).load_state_dict(converted)


def test_number_of_classes_is_that_of_the_file():
    state_dict, _ = read('resnet8')
    state_dict['fc.weight'] = state_dict['fc.weight'][:10]
    state_dict['fc.bias'] = state_dict['fc.bias'][:10]
    assert convert_published(state_dict)[1]['head.fc.weight'].shape == (10, 64)


def test_conversion_costs_no_random_numbers():
    state_dict, _ = read('resnet8')
    before = torch.get_rng_state()
    convert_published(state_dict)
    assert torch.equal(torch.get_rng_state(), before)


def test_recognition_is_independent_of_the_default_scope():
    with DefaultScope.overwrite_default_scope('mmengine'):
        assert convert_published(read('resnet8')[0])[0] == 'resnet8'


def with_width_24(state_dict):
    return dict(state_dict, **{'conv1.weight': torch.zeros(24, 3, 3, 3)})


def with_four_stages(state_dict):
    return dict(state_dict, **{'layer4.0.conv1.weight': torch.zeros(128, 64, 3, 3)})


@pytest.mark.parametrize(
    'change',
    [
        with_width_24,
        with_four_stages,
        lambda _: build('resnet8').state_dict(),
        lambda _: {},
    ],
    ids=['width 24', 'four stages', 'already converted', 'empty'],
)
def test_other_networks_are_not_recognised(change):
    state_dict = change(read('resnet8')[0])
    assert not is_published(state_dict)
    with pytest.raises(ValueError, match='not a published CIFAR network.*resnet8/14'):
        convert_published(state_dict)


@pytest.mark.parametrize('published', ['resnet8', 'wrn_16_2', 'MobileNetV2'])
def test_a_missing_tensor_is_named(published):
    state_dict, _ = read(published)
    lost = list(state_dict)[-4]  # not of the classifier
    del state_dict[lost]
    assert 'num_batches' not in lost  # whose absence is tolerated
    with pytest.raises(ValueError, match=r'1 tensors do not match.*found none'):
        convert_published(state_dict)


def test_a_superfluous_or_reshaped_tensor_is_named():
    state_dict, _ = read('ShuffleV1')
    state_dict['layer1.0.extra.weight'] = torch.zeros(3)
    state_dict['bn1.bias'] = torch.zeros(7)
    with pytest.raises(ValueError, match='looks like shufflenetv1, but 2') as caught:
        convert_published(state_dict)
    assert 'backbone.stem.bn.bias (expected (24,), found (7,))' in str(caught.value)
    assert 'layer1.0.extra.weight (expected none, found (3,))' in str(caught.value)
