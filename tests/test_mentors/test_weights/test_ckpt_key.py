# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The mentor's options ckpt and ckpt_key."""

import pytest
import torch


@pytest.fixture
def build(tiny):
    """Build a mentor of tiny.net(6) with these options."""
    from classroomkd_mm.mentors import build_mentors

    student = tiny.MODELS.build(dict(tiny.net(), _scope_='mmpretrain'))

    def build(**options):
        ann = dict(model=tiny.net(6), **options)
        mentors = build_mentors(dict(ann=ann), student)
        return mentors['ann'].network.state_dict()

    return build


@pytest.fixture
def weights(tiny):
    network = tiny.MODELS.build(dict(tiny.net(6), _scope_='mmpretrain'))
    return tiny.stir(network).state_dict()


def test_ckpt_key_says_which_weights(build, weights, tmp_path):
    path = tmp_path / 'both.pth'
    averaged = {f'module.{name}': tensor + 1 for name, tensor in weights.items()}
    torch.save(dict(model=weights, model_ema=averaged), path)
    with pytest.raises(ValueError, match=r"'ann'.*both\.pth.*ckpt_key='model_ema.mod"):
        build(ckpt=str(path))
    loaded = build(ckpt=path, ckpt_key='model_ema')
    for name, tensor in weights.items():
        assert torch.equal(loaded[name], tensor + 1)


def test_a_misfit_names_the_best_key(build, weights, tmp_path):
    path = tmp_path / 'x.pth'
    del weights['head.fc.bias']
    torch.save(dict(epoch=3, net=dict(ema=weights)), path)
    with pytest.raises(ValueError, match=r"(?s)Missing: head\.fc\.bias.*'net\.ema'"):
        build(ckpt=str(path))


def test_safetensors(build, weights, tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / 'x.safetensors'
    save_file({f'model.{name}': tensor for name, tensor in weights.items()}, path)
    for name, tensor in build(ckpt=str(path)).items():
        assert torch.equal(weights[name], tensor)


@pytest.mark.parametrize(
    ('options', 'error', 'message'),
    [
        (dict(ckpt=['a', 'b.pth']), TypeError, r"'ann'.*\['a', 'b.pth'\].*comma"),
        (dict(ckpt=3), TypeError, r"'ann': ckpt must be a path or a URL, but got 3"),
        (
            dict(ckpt=None, ckpt_key='ema'),
            ValueError,
            r"'ann': ckpt_key requires `ckpt`",
        ),
    ],
    ids=str,
)
def test_options_without_meaning(build, options, error, message):
    with pytest.raises(error, match=message):
        build(**options)
