# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Mentors of torchvision, timm and Hugging Face, and plain modules."""

import re
from pathlib import Path

import pytest
import torch
from torch import nn

DOCS = Path(__file__).parents[3] / 'docs'
SIZE = 64
# As timm and Hugging Face normalise for most of their networks.
PREPROCESSOR = dict(mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True)


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
    from classroomkd_mm.mentors import build_mentors

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
    assert mentor.source == 'torchvision.models.squeezenet1_1, random weights'


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


# timm and Hugging Face


@pytest.mark.parametrize('kind', ['TimmClassifier', 'HuggingFaceClassifier'])
@pytest.mark.parametrize('option', PREPROCESSOR)
def test_wrappers_must_tell_their_normalization(build, kind, option):
    model = dict(type=f'mmpretrain.{kind}', model_name='resnet18', pretrained=True)
    given = {key: value for key, value in PREPROCESSOR.items() if key != option}
    expected = f"'ann': mmpretrain.{kind}.*missing: {option}.*data_preproc"
    with pytest.raises(ValueError, match=expected):
        build(model=model, data_preprocessor=given)


@pytest.mark.parametrize(
    ('kind', 'remedy'),
    [
        ('TimmClassifier', "pip install 'timm>=0.9'"),
        ('HuggingFaceClassifier', "pip install 'transformers'"),
    ],
)
def test_wrappers_name_the_package_that_is_missing(build, monkeypatch, kind, remedy):
    monkeypatch.setattr(
        'classroomkd_mm.mentors.weights.libraries.find_spec', lambda _: None
    )
    model = dict(type=f'mmpretrain.{kind}', model_name='resnet18', pretrained=True)
    with pytest.raises(ImportError, match=f"'ann'.*{remedy}"):
        build(model=model, data_preprocessor=PREPROCESSOR)


def hugging_face_net(folder, num_labels=4):
    """A small network with random weights, saved as it would be downloaded."""
    from transformers import ResNetConfig, ResNetForImageClassification

    config = ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8], depths=[1, 1], num_labels=num_labels
    )
    net = ResNetForImageClassification(config)
    net.save_pretrained(folder)
    return net.eval()


@pytest.mark.optional('timm')
def test_timm(build, tmp_path):
    """With a checkpoint of timm, whose names MMPretrain changes while loading."""
    from timm.models import create_model

    net = create_model('resnet18', num_classes=4).eval()
    torch.save(net.state_dict(), tmp_path / 'x.pth')
    mentor = build(
        model=dict(type='mmpretrain.TimmClassifier', model_name='resnet18',
                   num_classes=4),
        ckpt=str(tmp_path / 'x.pth'),
        data_preprocessor=PREPROCESSOR,
        input_size=SIZE,
    )  # fmt: skip
    inputs = torch.randn(2, 3, SIZE, SIZE)
    torch.testing.assert_close(mentor(inputs), net(mentor.adapter(inputs)))


@pytest.mark.optional('timm')
def test_timm_with_a_checkpoint_of_another_network(build, tmp_path):
    """What is wrong is told by the names in the file."""
    from timm.models import create_model

    weights = create_model('resnet18', num_classes=4).state_dict()
    del weights['fc.bias']
    torch.save(weights, tmp_path / 'x.pth')
    model = dict(type='mmpretrain.TimmClassifier', model_name='resnet18', num_classes=4)
    with pytest.raises(ValueError, match='101 of its 102 weights.\nMissing: fc.bias'):
        build(model=model, ckpt=str(tmp_path / 'x.pth'), data_preprocessor=PREPROCESSOR)


@pytest.mark.optional('transformers')
def test_hugging_face(build, tmp_path):
    """With a checkpoint of Hugging Face, whose names MMPretrain changes as well."""
    net = hugging_face_net(tmp_path)
    torch.save(net.state_dict(), tmp_path / 'x.pth')
    mentor = build(
        model=dict(type='mmpretrain.HuggingFaceClassifier', model_name=str(tmp_path)),
        ckpt=str(tmp_path / 'x.pth'),
        data_preprocessor=PREPROCESSOR,
        input_size=SIZE,
    )
    inputs = torch.randn(2, 3, SIZE, SIZE)
    torch.testing.assert_close(mentor(inputs), net(mentor.adapter(inputs)).logits)


@pytest.fixture(scope='module')
def in_docs():
    """The mentors of timm and Hugging Face that docs/mentors.md shows."""
    blocks = re.findall(r'```python\n(.*?)```', (DOCS / 'mentors.md').read_text(), re.S)
    (block,) = [block for block in blocks if 'TimmClassifier' in block]
    scope = {}
    exec(block, scope)
    return scope['mentors']


def check_in_docs(mentor, net):
    """The mentor is this network, and sees what it was trained on: RGB images."""
    rgb = torch.rand(2, 3, SIZE, SIZE)
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    mean, std = (torch.tensor(value).view(3, 1, 1) for value in (mean, std))
    with torch.no_grad():
        expected, of_bgr = (net((x - mean) / std) for x in (rgb, rgb.flip(1)))
    student_mean = torch.tensor([120.0, 110, 100]).view(3, 1, 1)
    student_std = torch.tensor([60.0, 50, 40]).view(3, 1, 1)
    logits = mentor((255 * rgb - student_mean) / student_std)
    assert logits.shape == (2, 1000)
    # The docs round mean and std.
    assert (logits - expected).norm() < 0.1 * (of_bgr - expected).norm()


@pytest.mark.optional('timm')
def test_timm_as_in_docs(build, in_docs, monkeypatch):
    """With random weights in the place of those that timm published."""
    from timm import models

    create_model = models.create_model
    net = create_model('resnet18').eval()

    def no_download(*args, pretrained, **options):
        assert pretrained
        own = create_model(*args, **options)
        own.load_state_dict(net.state_dict())
        return own

    monkeypatch.setattr(models, 'create_model', no_download)
    mentor = build(num_classes=1000, **in_docs['timm_net'])
    assert mentor.source == 'mmpretrain.TimmClassifier, published weights of resnet18'
    check_in_docs(mentor, net)


@pytest.mark.optional('transformers')
def test_hugging_face_as_in_docs(build, in_docs, monkeypatch, tmp_path):
    """With random weights in a folder, which is looked for before the hub is."""
    monkeypatch.chdir(tmp_path)
    cfg = in_docs['hugging_face_net']
    net = hugging_face_net(cfg['model']['model_name'], num_labels=1000)
    check_in_docs(build(num_classes=1000, **cfg), lambda images: net(images).logits)
