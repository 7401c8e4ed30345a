# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Mentors of torchvision, timm and Hugging Face, and plain modules."""

import pytest
import torch
from torch import nn

SIZE = 64


class Plain(nn.Module):
    """Gives the mean of each channel, and one logit more."""

    def __init__(self, scale=1.0):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale))

    def forward(self, x):
        means = x.mean(dim=(2, 3)) * self.scale
        return torch.cat([means, means[:, :1]], dim=1)


@pytest.fixture(scope='module')
def build(tiny):
    from classroomkd_mm.models.mentors import build_mentors

    students = {}

    def build(num_classes=4, **cfg):
        if num_classes not in students:
            students[num_classes] = tiny.MODELS.build(tiny.net(num_classes=num_classes))
        return build_mentors(dict(ann=cfg), students[num_classes])['ann']

    return build


def test_plain_module_by_import_path(tiny, build, caplog):
    """Its channels and normalization are what data_preprocessor says."""
    mentor = build(
        model=dict(type=f'{__name__}.Plain', scale=2.0),
        ckpt=None,
        data_preprocessor=dict(mean=[0.0] * 3, std=[255.0] * 3, to_rgb=True),
    )
    assert type(mentor.network) is Plain
    images = torch.randint(256, (2, 3, 12, 12)).float()  # BGR, from 0 to 255
    norm = tiny.STUDENT_NORM
    mean, std = (torch.tensor(norm[key]).view(3, 1, 1) for key in ('mean', 'std'))
    logits = mentor((images.flip(1) - mean) / std)
    expected = 2 * images.flip(1).mean(dim=(2, 3)) / 255
    torch.testing.assert_close(logits[:, :3], expected)


def test_plain_module_without_preprocessor_sees_what_the_student_sees(build):
    mentor = build(model=dict(type=f'{__name__}.Plain'), ckpt=None)
    inputs = torch.randn(2, 3, 12, 12)
    torch.testing.assert_close(mentor(inputs)[:, :3], inputs.mean(dim=(2, 3)))


def test_plain_module_loads_its_weights(build, tmp_path):
    torch.save({'scale': torch.tensor(5.0)}, tmp_path / 'x.pth')
    model = dict(type=f'{__name__}.Plain')
    mentor = build(model=model, ckpt=str(tmp_path / 'x.pth'))
    assert mentor.network.scale == 5


def test_plain_module_that_does_not_exist(build):
    with pytest.raises(KeyError, match="'ann'.*my_package.MyNet"):
        build(model=dict(type='my_package.MyNet'), ckpt=None)


def test_torchvision_with_random_weights(build):
    mentor = build(
        num_classes=10,
        model=dict(type='torchvision.models.squeezenet1_1', num_classes=10),
        ckpt=None,
        input_size=SIZE,
    )
    assert mentor(torch.randn(2, 3, 12, 12)).shape == (2, 10)
    assert mentor.source == 'SqueezeNet, random weights'


@pytest.fixture
def no_download(monkeypatch):
    """Give random weights in the place of those that torchvision published."""
    from torchvision.models import SqueezeNet1_1_Weights, squeezenet1_1

    monkeypatch.setattr(
        SqueezeNet1_1_Weights,
        'get_state_dict',
        lambda *_, **__: squeezenet1_1().state_dict(),
    )


def test_torchvision_in_part_with_another_preprocessor(build, no_download):
    mentor = build(
        num_classes=1000,
        model=dict(type='torchvision.models.squeezenet1_1', weights='DEFAULT'),
        data_preprocessor=dict(to_rgb=False),
    )
    assert mentor.adapter.swap
    std = torch.tensor([40.0, 50, 60]) / torch.tensor([58.395, 57.12, 57.375])
    torch.testing.assert_close(mentor.adapter.scale.flatten(), std)


def test_torchvision_with_published_weights(build, no_download):
    """Their normalization is used."""
    mentor = build(
        num_classes=1000,
        model=dict(type='torchvision.models.squeezenet1_1', weights='IMAGENET1K_V1'),
    )
    assert mentor.source == 'torchvision.models.squeezenet1_1, IMAGENET1K_V1'
    mean = torch.tensor([123.675, 116.28, 103.53]).view(3, 1, 1)
    std = torch.tensor([58.395, 57.12, 57.375]).view(3, 1, 1)
    adapter = mentor.adapter
    own, student_std = adapter(torch.zeros(1, 3, 2, 2)), torch.tensor([60.0, 50, 40])
    student_mean = torch.tensor([120.0, 110, 100]).view(3, 1, 1)
    torch.testing.assert_close(own, ((student_mean - mean) / std).expand(1, 3, 2, 2))
    torch.testing.assert_close(adapter.scale, student_std.view(3, 1, 1) / std)
    assert not adapter.swap


def test_torchvision_without_weights_needs_ckpt(build):
    with pytest.raises(ValueError, match="'ann' has no weights"):
        build(model=dict(type='torchvision.models.squeezenet1_1'))


def test_torchvision_with_unknown_weights(build):
    model = dict(type='torchvision.models.squeezenet1_1', weights='IMAGENET9')
    with pytest.raises((ValueError, KeyError), match="'ann'.*IMAGENET9"):
        build(num_classes=1000, model=model)


@pytest.mark.parametrize('kind', ['TimmClassifier', 'HuggingFaceClassifier'])
def test_wrappers_must_tell_their_normalization(build, kind):
    model = dict(type=f'mmpretrain.{kind}', model_name='resnet18', pretrained=True)
    with pytest.raises(ValueError, match=rf"'ann': mmpretrain.{kind}.*data_preproc"):
        build(model=model)


def test_timm(build):
    pytest.importorskip('timm')
    mentor = build(
        model=dict(type='mmpretrain.TimmClassifier', model_name='resnet18',
                   num_classes=4),
        ckpt=None,
        data_preprocessor=dict(mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True),
        input_size=SIZE,
    )  # fmt: skip
    assert mentor(torch.randn(2, 3, 12, 12)).shape == (2, 4)


def test_hugging_face(build, tmp_path):
    transformers = pytest.importorskip('transformers')
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8], depths=[1, 1], num_labels=4
    )
    config.save_pretrained(tmp_path)
    mentor = build(
        model=dict(type='mmpretrain.HuggingFaceClassifier', model_name=str(tmp_path)),
        ckpt=None,
        data_preprocessor=dict(mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True),
        input_size=SIZE,
    )
    assert mentor(torch.randn(2, 3, 12, 12)).shape == (2, 4)
