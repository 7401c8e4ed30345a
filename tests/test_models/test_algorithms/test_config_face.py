# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A classroom as configs write it, through MMEngine's Config and Runner."""

import pytest
import torch

NORM = dict(mean=[1.0, 2.0, 3.0], std=[4.0, 5.0, 6.0], to_rgb=False)
CIFAR = 'mmpretrain::resnet/resnet18_8xb16_cifar10.py'


def build(cfg, scope='mmpretrain'):
    """Build as a Runner does, whose default scope is that of the data set's package."""
    from mmengine.registry import MODELS, DefaultScope

    with DefaultScope.overwrite_default_scope(scope):
        return MODELS.build(cfg)


@pytest.mark.parametrize('scope', ['mmpretrain', 'mmrazor', 'mmengine'])
def test_from_a_config_in_any_scope(tiny, scope):
    from mmengine.config import Config

    cfg = Config(dict(model=tiny.classroom_config()))
    model = build(cfg.model, scope)
    assert model.mentors.names == ('a', 'b')
    inputs, samples = tiny.prepared(model, tiny.batch())
    assert model(inputs, samples, mode='loss')['distill.loss_classroom'].isfinite()


def test_a_mentor_from_the_command_line(tiny):
    """`--cfg-options model.mentors.c.cfg_path=… model.mentors.a=None`."""
    from mmengine.config import Config

    student = tiny.net(num_classes=10)
    mentors = dict(a=tiny.mentor(num_classes=10), b=tiny.mentor(num_classes=10))
    cfg = Config(dict(model=tiny.classroom_config(mentors, architecture=student)))
    cfg.merge_from_dict(
        {
            'model.mentors.c.cfg_path': CIFAR,
            'model.mentors.c.ckpt': None,
            'model.mentors.a': None,
        }
    )
    assert build(cfg.model).mentors.names == ('b', 'c')


def test_student_by_config_path(tiny):
    cfg = tiny.classroom_config(
        dict(a=tiny.mentor(num_classes=10)),
        architecture=dict(
            cfg_path=CIFAR, backbone=dict(base_channels=8), head=dict(in_channels=64)
        ),
    )
    model = build(cfg)
    assert model.student.backbone.layer1[0].conv1.out_channels == 8
    mean = model.data_preprocessor.mean.flatten().tolist()
    assert mean == pytest.approx([125.307, 122.961, 113.8575])


def mentor_input(tiny, model):
    """What the mentor sees, and what it must see."""
    raw, mentor = tiny.batch(), next(iter(model.mentors))
    inputs, _ = tiny.prepared(model, raw)
    own = mentor.network.data_preprocessor(raw)['inputs']
    return inputs, mentor.adapter(inputs), own


def test_the_configs_data_preprocessor_goes_over_the_students(tiny):
    """What a Runner finds at the top level of a config it hands to the model."""
    model = tiny.build_classroom(data_preprocessor=dict(NORM, num_classes=4))
    inputs, seen, own = mentor_input(tiny, model)
    raw = torch.stack(tiny.batch()['inputs']).float()
    torch.testing.assert_close(inputs[:, 0], (raw[:, 0] - 1) / 4)
    torch.testing.assert_close(seen, own, rtol=1e-5, atol=1e-5)


def test_built_data_preprocessor(tiny):
    from mmpretrain.models import ClsDataPreprocessor

    built = ClsDataPreprocessor(**NORM, num_classes=4)
    model = tiny.build_classroom(data_preprocessor=built)
    assert model.data_preprocessor is built
    _, seen, own = mentor_input(tiny, model)
    torch.testing.assert_close(seen, own, rtol=1e-5, atol=1e-5)


def test_data_preprocessor_of_a_built_student(tiny):
    student = build(dict(tiny.net(), _scope_='mmpretrain'))
    model = tiny.build_classroom(architecture=student)
    assert model.student is student
    _, seen, own = mentor_input(tiny, model)
    torch.testing.assert_close(seen, own, rtol=1e-5, atol=1e-5)
    # A config cannot be merged into what is built; it must not be lost either.
    with pytest.raises(TypeError, match=r'data_preprocessor.*built'):
        tiny.build_classroom(architecture=student, data_preprocessor=dict(NORM))


def test_mixup(tiny):
    """Soft labels reach scorer and student alike."""
    student = tiny.net()
    student['train_cfg'] = dict(augments=dict(type='Mixup', alpha=0.8))
    model = tiny.build_classroom(architecture=student)
    inputs, samples = tiny.prepared(model, tiny.batch())
    assert 'gt_score' in samples[0]
    assert 0 < samples[0].gt_score.max() < 1
    model.eval()
    losses = model(inputs, samples, mode='loss')
    own = model.student(inputs, samples, mode='loss')['loss']
    log_scores, _ = model.distiller.scorer(
        model.student(inputs, mode='tensor'), model.mentors(inputs), samples
    )
    torch.testing.assert_close(-log_scores[0].mean(), own)
    weight = log_scores[0].exp().mean()
    torch.testing.assert_close(losses['student.loss'], weight * own)


@pytest.mark.parametrize('classroom', ['one', 'three', 'loaded'])
def test_mentors_do_not_change_how_the_student_starts(tiny, tmp_path, classroom):
    """Runs with the same seed and different mentors are comparable."""
    path = str(tmp_path / 'a.pth')
    torch.save(build(dict(tiny.net(9), _scope_='mmpretrain')).state_dict(), path)
    mentors = dict(
        one=dict(a=tiny.mentor(6)),
        three=dict(a=tiny.mentor(6), b=tiny.mentor(7), c=tiny.mentor(8)),
        loaded=dict(a=dict(model=tiny.net(9), ckpt=path)),
    )

    def start(name):
        torch.manual_seed(3)
        model = build(tiny.classroom_config(mentors[name]))
        model.init_weights()
        return model.state_dict(), torch.rand(1)

    (weights, drawn), (expected, expected_drawn) = start(classroom), start('one')
    assert torch.equal(drawn, expected_drawn)
    for name, value in expected.items():
        assert torch.equal(weights[name], value), name
