# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Images that a mentor cannot take, or was not built for."""

import pytest
import torch
from torch import nn

from classroomkd_mm.tasks.network_input import input_channels, input_size

VIT = dict(
    type='torchvision.models.VisionTransformer',
    image_size=32,
    patch_size=16,
    num_layers=1,
    num_heads=2,
    hidden_dim=16,
    mlp_dim=16,
    num_classes=4,
)


class Grey(nn.Module):
    """A classifier of images with one channel, or some other number."""

    def __init__(self, channels=1):
        super().__init__()
        self.conv = nn.Conv2d(channels, 4, 3)

    def forward(self, x):
        return self.conv(x).mean((2, 3))


@pytest.fixture(scope='module')
def build(tiny):
    from classroomkd_mm.mentors import build_mentors

    student = tiny.MODELS.build(dict(tiny.net(), _scope_='mmpretrain'))
    return lambda cfg, **rest: build_mentors(
        dict(ann=dict(model=cfg, ckpt=None, **rest)), student
    )['ann']


def test_fixed_size_names_the_option(build):
    mentor = build(VIT)
    with pytest.raises(
        ValueError, match=r"'ann' cannot .* 12 x 12 .*set input_size=32"
    ):
        mentor(torch.zeros(2, 3, 12, 12))


def test_the_option_is_the_remedy(build):
    mentor = build(VIT, input_size=32)
    assert mentor(torch.zeros(2, 3, 12, 12)).shape == (2, 4)
    assert mentor.image_shape == (3, 32, 32)


def test_a_wrong_option_is_found_when_the_config_is_read(build):
    with pytest.raises(ValueError, match=r"'ann' .* 48 x 48 .*set input_size=32 "):
        build(VIT, input_size=48)


def test_unknown_size(build):
    mentor = build(dict(type='torch.nn.Linear', in_features=7, out_features=4))
    with pytest.raises(
        ValueError, match=r"'ann' cannot .* 12 x 12 .*at another size, set input_size"
    ):
        mentor(torch.zeros(2, 3, 12, 12))


def test_a_fault_of_another_kind(build, tiny):
    """The size is right: input_size is no remedy."""
    mentor = build(dict(VIT, image_size=16, num_classes=4), input_size=16)
    mentor.network.heads = nn.Linear(3, 4)
    with pytest.raises(ValueError, match=r"'ann' cannot .*for this size: correct its"):
        mentor(torch.zeros(2, 3, 12, 12))


def test_grey_images_for_a_mentor_of_colour_images(build):
    mentor = build(dict(type=f'{__name__}.Grey', channels=3))
    grey = torch.randn(2, 1, 12, 12)
    assert torch.equal(mentor(grey), mentor.network(grey.repeat(1, 3, 1, 1)))


def test_grey_images_are_normalised_for_a_mentor_of_colour_images(tiny):
    """As MMPretrain does it: a mean of three values makes three channels."""
    student = tiny.net(norm=dict(mean=[100.0], std=[50.0]), backbone=dict())
    model = tiny.build_classroom(dict(a=tiny.mentor(6)), architecture=student)
    raw = torch.randint(256, (2, 1, 12, 12)).float()
    mentor = model.mentors['a']
    own = mentor.network.data_preprocessor(dict(inputs=raw))['inputs']
    torch.testing.assert_close(
        mentor((raw - 100) / 50),
        mentor.network(own, mode='tensor'),
        rtol=1e-4,
        atol=1e-4,
    )


def test_colour_images_for_a_mentor_of_grey_ones(build):
    mentor = build(dict(type=f'{__name__}.Grey'))
    with pytest.raises(
        ValueError, match=r"'ann' .* with 3 channels .*convolution.* 1:"
    ):
        mentor(torch.zeros(2, 3, 12, 12))


def test_out_of_memory_is_left_alone(build):
    """It says nothing of the size of the images."""

    def fail(module, arguments):
        raise torch.cuda.OutOfMemoryError('too much')

    mentor = build(dict(type=f'{__name__}.Grey', channels=3))
    mentor.network.register_forward_pre_hook(fail)
    with pytest.raises(torch.cuda.OutOfMemoryError, match='^too much'):
        mentor(torch.zeros(2, 3, 12, 12))


def test_what_networks_tell():
    assert input_channels(nn.Sequential(nn.Flatten(), nn.Linear(3, 4))) is None
    assert input_channels(nn.Sequential(nn.ReLU(), nn.Conv2d(5, 6, 1))) == 5
    network = nn.Sequential(nn.ReLU())
    assert input_size(network) is None
    for given, read in ((224, (224, 224)), ([3, 4], (3, 4)), ('huge', None)):
        network[0].img_size = given
        assert input_size(network) == read
