# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The CIFAR networks, built from their base configs."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS
from torch import nn

import classroomkd_mm  # noqa: F401
from classroomkd_mm.models import backbones

CONFIGS = Path(__file__).parents[3] / 'configs/_base_/models/cifar'
NAMES = sorted(path.stem for path in CONFIGS.glob('*.py'))


def build(name, num_classes=100):
    model = Config.fromfile(CONFIGS / f'{name}.py').model
    model.head.num_classes = num_classes
    return MODELS.build(model)


def build_backbone(config, training=True, **options):
    backbone = MODELS.build(dict(config, **options))
    backbone.train(training)  # MMPretrain's returns nothing
    return backbone


def count_parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


def test_there_is_a_config_for_every_network():
    assert NAMES == sorted(
        'resnet8 resnet14 resnet20 resnet32 resnet44 resnet56 resnet110 resnet8x4 '
        'resnet32x4 wrn-16-2 wrn-40-1 wrn-40-2 wrn-16-8 wrn-28-10 vgg8 vgg13 '
        'mobilenetv2-half shufflenetv1 shufflenetv2 resnet18 resnet34 resnet50'.split()
    )


@pytest.mark.parametrize('name', NAMES)
def test_config_gives_logits_of_100_classes(name):
    model = build(name).eval()
    assert model.head.fc.in_features == model.backbone.feat_dim
    with torch.no_grad():
        logits = model(torch.randn(2, 3, 32, 32))
    assert logits.shape == (2, 100)
    assert logits.isfinite().all()


# In millions. With 10 classes: He et al. (arXiv 1512.03385), table 6, whose shortcuts
# have no weights, and Zagoruyko and Komodakis (arXiv 1605.07146), table 5.
@pytest.mark.parametrize(
    ('name', 'millions'),
    [
        ('resnet20', 0.27),
        ('resnet32', 0.46),
        ('resnet44', 0.66),
        ('resnet56', 0.85),
        ('resnet110', 1.7),
        ('wrn-40-1', 0.6),
        ('wrn-40-2', 2.2),
        ('wrn-16-8', 11.0),
        ('wrn-28-10', 36.5),
    ],
)
def test_parameter_count_of_the_paper(name, millions):
    count = count_parameters(build(name, num_classes=10)) / 1e6
    last_digit = 10.0 ** -len(str(millions).split('.')[1])
    assert count == pytest.approx(millions, abs=last_digit)


# The counts that torchvision documents for the networks on ImageNet.
@pytest.mark.parametrize(
    ('name', 'count'),
    [('resnet18', 11_689_512), ('resnet34', 21_797_672), ('resnet50', 25_557_032)],
)
def test_four_stage_resnets_differ_from_imagenet_in_the_stem_alone(name, count):
    stem = 64 * 3 * (7 * 7 - 3 * 3)
    assert count_parameters(build(name, num_classes=1000)) == count - stem


FEATURE_MAPS = [
    (dict(type='CIFARResNet', depth=8), [(16, 32), (32, 16), (64, 8)]),
    (
        dict(type='CIFARWideResNet', depth=10, widen_factor=2),
        [(32, 32), (64, 16), (128, 8)],
    ),
    (
        dict(type='CIFARVGG', depth=11),
        [(64, 16), (128, 8), (256, 4), (512, 4), (512, 4)],
    ),
    (
        dict(type='CIFARMobileNetV2'),
        [(8, 16), (12, 16), (16, 8), (32, 4), (48, 4), (80, 2), (160, 2), (1280, 2)],
    ),
    (dict(type='CIFARShuffleNetV1'), [(240, 16), (480, 8), (960, 4)]),
    (dict(type='CIFARShuffleNetV2'), [(116, 16), (232, 8), (464, 4), (1024, 4)]),
]
each_family = pytest.mark.parametrize(
    ('config', 'maps'), FEATURE_MAPS, ids=[config['type'] for config, _ in FEATURE_MAPS]
)


@each_family
def test_out_indices_select_feature_maps(config, maps):
    images = torch.randn(2, 3, 32, 32)
    indices = tuple(range(len(maps)))
    everywhere = build_backbone(config, training=False, out_indices=indices)
    with torch.no_grad():
        outs = everywhere(images)
    assert [(out.size(1), out.size(2)) for out in outs] == maps
    assert everywhere.feat_dim == maps[-1][0]

    last_only = build_backbone(config, training=False)
    last_only.load_state_dict(everywhere.state_dict())
    with torch.no_grad():
        (last,) = last_only(images)
    assert torch.equal(last, outs[-1])


@each_family
def test_every_weight_learns(config, maps):
    backbone = build_backbone(config)
    backbone.init_weights()
    backbone(torch.randn(4, 3, 32, 32))[-1].square().sum().backward()
    for name, parameter in backbone.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name


@each_family
@pytest.mark.parametrize('frozen_stages', [0, 2])
def test_frozen_stages_neither_learn_nor_count(config, maps, frozen_stages):
    backbone = build_backbone(
        config, frozen_stages=frozen_stages, out_indices=(0, 1, 2)
    )
    frozen_outs = range(frozen_stages)
    before = {name: value.clone() for name, value in backbone.named_buffers()}
    outs = backbone(torch.randn(4, 3, 32, 32))
    for index, out in enumerate(outs):
        assert out.requires_grad == (index not in frozen_outs)
    outs[-1].sum().backward()
    stages = (
        [backbone.layer1, backbone.layer2]
        if isinstance(backbone, backbones.CIFARResNet)
        else backbone.stages
    )
    for index, stage in enumerate(stages[:2]):
        frozen = index in frozen_outs
        assert all((p.grad is None) == frozen for p in stage.parameters())
        assert all(m.training != frozen for m in stage.modules())
    changed = {n for n, b in backbone.named_buffers() if not torch.equal(b, before[n])}
    assert changed
    assert not any(name.startswith(('stem', 'conv1', 'bn1')) for name in changed)


@each_family
def test_norm_eval_keeps_batch_norms_still(config, maps):
    backbone = build_backbone(config, norm_eval=True)
    norms = [m for m in backbone.modules() if isinstance(m, nn.BatchNorm2d)]
    assert backbone.training and norms
    assert not any(norm.training for norm in norms)


@pytest.mark.parametrize('name', ['CIFARMobileNetV2', 'CIFARVGG', 'CIFARWideResNet'])
def test_convolutions_start_with_he_initialisation(name):
    config = next(config for config, _ in FEATURE_MAPS if config['type'] == name)
    backbone = MODELS.build(config)
    backbone.init_weights()
    conv = max(
        (m for m in backbone.modules() if isinstance(m, nn.Conv2d)),
        key=lambda m: m.weight.numel(),
    )
    fan_out = conv.out_channels * conv.kernel_size[0] ** 2
    assert conv.weight.std().item() == pytest.approx((2 / fan_out) ** 0.5, rel=0.05)


@pytest.mark.parametrize('name', ['CIFARShuffleNetV1', 'CIFARShuffleNetV2'])
def test_shufflenets_start_as_pytorch_does(name):
    backbone = MODELS.build(dict(type=name))
    backbone.init_weights()
    for conv in (m for m in backbone.modules() if isinstance(m, nn.Conv2d)):
        bound = conv.weight[0].numel() ** -0.5
        assert conv.weight.abs().max() <= bound
        assert conv.weight.abs().max() > 0.8 * bound


@pytest.mark.parametrize('name', ['CIFARShuffleNetV1', 'CIFARShuffleNetV2'])
def test_shufflenets_keep_images_channels_last(name):
    layout = torch.channels_last
    backbone = build_backbone(dict(type=name), training=False).to(memory_format=layout)
    shuffled = []
    for unit in backbone.modules():
        if type(unit).__name__ == 'ShuffleUnit':
            unit.register_forward_hook(lambda *call: shuffled.append(call[-1]))
    backbone(torch.randn(2, 3, 32, 32).to(memory_format=layout))
    assert len(shuffled) == 16
    assert all(images.is_contiguous(memory_format=layout) for images in shuffled)


@pytest.mark.parametrize('exported', [True, False])
def test_channels_are_shuffled_between_groups(exported, monkeypatch):
    from classroomkd_mm.models.backbones.channel_shuffle import channel_shuffle

    monkeypatch.setattr(torch.onnx, 'is_in_onnx_export', lambda: exported)
    images = torch.arange(6.0).reshape(1, 6, 1, 1)
    assert channel_shuffle(images, 2).flatten().tolist() == [0, 3, 1, 4, 2, 5]


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        (dict(type='CIFARResNet', depth=18), 'depth 18.*110'),
        (dict(type='CIFARVGG', depth=9), 'depth 9.*19'),
        (dict(type='CIFARWideResNet', depth=17, widen_factor=2), '6n.4.*17'),
        (dict(type='CIFARVGG', depth=8, out_indices=(5,)), r'0 to 4.*\(5,\)'),
        (dict(type='CIFARShuffleNetV1', out_indices=()), r'0 to 2.*\(\)'),
        (dict(type='CIFARMobileNetV2', frozen_stages=9), 'frozen_stages.*8.*9'),
    ],
)
def test_impossible_networks_are_refused(config, message):
    with pytest.raises(ValueError, match=message):
        MODELS.build(config)
