# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""How a config names the student."""

import pytest

CIFAR = 'mmpretrain::resnet/resnet18_8xb16_cifar10.py'


@pytest.fixture(scope='module')
def build(tiny):
    from classroomkd_mm import networks

    return networks


def test_preprocessor_outside_of_the_model_is_taken_along(build):
    model = build.network_config(dict(cfg_path=CIFAR, pretrained=False))
    assert model['data_preprocessor']['mean'] == [125.307, 122.961, 113.8575]
    assert model['_scope_'] == 'mmpretrain'
    assert 'init_cfg' not in model


def test_no_preprocessor_outside_of_the_model(build):
    """None stands for none, as for the Runner."""
    from mmengine.config import Config

    own = dict(model=dict(type='A', data_preprocessor=dict(mean=[1.0])))
    assert build.model_of(Config(dict(model=dict(type='A')))) == dict(type='A')
    for beside in (None, dict(mean=[2.0])):
        cfg = Config(dict(own, data_preprocessor=beside))
        assert build.model_of(cfg) == own['model']
    cfg = Config(dict(model=dict(type='A'), data_preprocessor=None))
    assert build.model_of(cfg) == dict(type='A')


def test_keys_beside_cfg_path_go_over_its_model(build):
    model = build.network_config(
        dict(cfg_path=CIFAR, head=dict(num_classes=100)), dict(to_rgb=False)
    )
    assert model['head']['num_classes'] == 100
    assert model['head']['in_channels'] == 512
    assert model['data_preprocessor']['to_rgb'] is False
    assert model['data_preprocessor']['std'] == [51.5865, 50.847, 51.255]


def test_published_weights_of_the_student(build):
    """As in MMRazor, `pretrained` starts from them; nothing is downloaded yet."""
    model = build.network_config(dict(cfg_path=CIFAR, pretrained=True))
    assert model['init_cfg']['type'] == 'Pretrained'
    assert model['init_cfg']['checkpoint'].startswith('https://')
    assert 'resnet18' in model['init_cfg']['checkpoint']
    with pytest.raises(ValueError, match=r"pretrained=True.*'mine.py'.*init_cfg"):
        build.network_config(dict(cfg_path='mine.py', pretrained=True))


def test_scope_of_the_type_is_that_of_its_parts(build, tiny):
    assert build.network_config(tiny.net())['_scope_'] == 'mmpretrain'
    assert '_scope_' not in build.network_config(dict(type='SomeModel'))


def test_config_is_not_changed(build, tiny):
    cfg = tiny.net()
    build.network_config(cfg, dict(to_rgb=False))
    assert cfg == tiny.net()


@pytest.mark.parametrize('cfg', [None, 'resnet', {}, dict(head={})], ids=str)
def test_refused(build, cfg):
    with pytest.raises(TypeError, match='A network must be a model config'):
        build.network_config(cfg)
