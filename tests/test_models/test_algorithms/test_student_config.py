# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The config of a classroom, reduced to its student."""

import pytest
import torch

NORM = dict(mean=[1.0, 2.0, 3.0], std=[4.0, 5.0, 6.0], to_rgb=False)


@pytest.fixture(scope='module')
def reduce(tiny):
    from classroomkd_mm.models.algorithms import student_config

    return student_config


def config(model, **rest):
    from mmengine.config import Config

    return Config(dict(model=model, default_scope='mmpretrain', **rest))


def built(cfg):
    """The model that a Runner would build: it fills in the data preprocessor."""
    from mmengine.registry import MODELS, init_default_scope

    init_default_scope(cfg.get('default_scope'))
    model = cfg.model
    if cfg.get('data_preprocessor') is not None:
        model.setdefault('data_preprocessor', cfg.data_preprocessor)
    return MODELS.build(model)


def test_student_alone(tiny, reduce):
    cfg = config(tiny.classroom_config(), work_dir='x')
    reduced = reduce(cfg)
    assert reduced.model.type == 'mmpretrain.ImageClassifier'
    assert 'mentors' not in reduced.model
    assert reduced.work_dir == 'x'
    assert cfg.model.type == 'mmrazor.ClassroomDistill'  # the argument is untouched
    student, classroom = built(reduced), tiny.build_classroom()
    student.load_state_dict(classroom.state_dict(), strict=True)


def test_mentors_files_are_not_asked_for(tiny, reduce):
    mentors = dict(a=dict(model=tiny.net(6), ckpt='/nowhere/at/all.pth'))
    assert type(built(reduce(config(tiny.classroom_config(mentors))))).__name__ == (
        'ImageClassifier'
    )


def test_other_configs_are_left_as_they_are(tiny, reduce):
    cfg = config(tiny.net())
    assert reduce(cfg) is cfg


@pytest.mark.parametrize('place', ['algorithm', 'config'])
@pytest.mark.parametrize('students_own', [True, False])
def test_student_sees_the_same_input_as_in_its_classroom(
    tiny, reduce, place, students_own
):
    """The Runner gives a classroom the config's data preprocessor; so it must here."""
    student = tiny.net()
    if not students_own:
        del student['data_preprocessor']
    preprocessor = dict(NORM, num_classes=4)
    if place == 'algorithm':
        model = tiny.classroom_config(architecture=student)
        cfg = config(dict(model, data_preprocessor=preprocessor))
    else:
        cfg = config(
            tiny.classroom_config(architecture=student), data_preprocessor=preprocessor
        )
    reduced = reduce(cfg)
    alone, classroom = built(reduced), built(cfg)
    raw = tiny.batch()
    inputs = [m.data_preprocessor(raw)['inputs'] for m in (alone, classroom)]
    assert torch.equal(*inputs)
    expected = (torch.stack(raw['inputs']).float() - 1) / 4
    torch.testing.assert_close(inputs[0][:, 0], expected[:, 0])


def test_student_by_config_path(reduce):
    cfg = config(
        dict(
            type='ClassroomDistill',
            architecture=dict(cfg_path='mmpretrain::resnet/resnet18_8xb16_cifar10.py'),
            mentors=dict(),
        )
    )
    reduced = reduce(cfg)
    assert reduced.model.backbone.type == 'ResNet_CIFAR'
    assert reduced.model.data_preprocessor.mean == [125.307, 122.961, 113.8575]
    assert type(built(reduced)).__name__ == 'ImageClassifier'
