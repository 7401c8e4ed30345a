# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A cache together with class names, faster mentors, validation and checks."""

import logging
from pathlib import Path

import pytest
import torch
from mmrazor.registry import MODELS


@pytest.fixture
def cc(tiny):
    """The module with classrooms and data, whose classes are a, b, c, d."""
    import cached_classroom

    return cached_classroom


def built(model):
    """Names of the mentors that have a network."""
    return {mentor.name for mentor in model.mentors if mentor._mentor is not None}


# Names of classes -------------------------------------------------------------


def name_classes(school, tiny, classes):
    """Write into the checkpoint of mentor a which classes it knows."""
    school.mentors['a']['model'] = tiny.net(6, len(classes))
    school.save('a')
    path = school.mentors['a']['ckpt']
    meta = dict(dataset_meta=dict(classes=tuple(classes)))
    torch.save(dict(meta=meta, state_dict=torch.load(path, weights_only=True)), path)


@pytest.mark.parametrize(
    ('classes', 'class_map'), [('bdac', [2, 0, 3, 1]), ('bdxacy', [3, 0, 4, 1])]
)
def test_a_map_has_to_be_in_the_config(school, cc, tiny, classes, class_map):
    name_classes(school, tiny, classes)
    model = school.build(school.cache())
    with pytest.raises(ValueError, match=r"'a' has a cache.*add class_map=\[") as info:
        school.train('refused', cc.loader(), model, epochs=1)
    assert f'class_map={class_map}' in str(info.value)
    assert not (school.folder / 'cache').exists()
    school.mentors['a']['class_map'] = class_map
    cold = school.build(school.cache())
    school.train('cold', cc.loader(), cold, epochs=2)
    assert cold.mentors['a']._identity['options'] == dict(class_map=class_map)
    warm = school.build(school.cache())
    assert built(warm) == set()
    school.train('warm', cc.loader(), warm, epochs=1)


def test_the_same_names_need_no_map(school, cc, tiny):
    name_classes(school, tiny, 'abcd')
    model = school.build(school.cache())
    school.train('run', cc.loader(), model, epochs=1)
    assert model.mentors['a'].aligner is None


def test_classes_renamed_in_the_data_are_other_data(school, cc):
    school.filled()
    data = cc.NoisyData(metainfo=dict(classes=tuple('bacd')))
    with pytest.raises(ValueError, match=r'metainfo\.classes\[0\]: "a", now "b"'):
        school.connected(cc.loader(data))


def test_a_built_mentor_is_known_by_more_than_its_weights(school, tiny):
    def network(norm=None, meta=None):
        torch.manual_seed(0)
        network = MODELS.build(tiny.net(6, norm=norm))
        network.dataset_meta = meta
        return network

    def is_built(**options):
        return built(school.build(school.cache(), dict(m=network(**options))))

    school.filled(mentors=dict(m=network()))
    assert is_built() == set()
    assert is_built(norm=dict(tiny.STUDENT_NORM, mean=[0.0] * 3)) == {'m'}
    assert is_built(meta=dict(classes=tuple('bacd'))) == {'m'}


# What else outputs depend on --------------------------------------------------


@pytest.mark.parametrize('option', [dict(fast=True), dict(dtype='bfloat16')])
def test_other_arithmetic_has_other_entries(school, option):
    school.filled()
    school.mentors['b'].update(option)
    assert built(school.build(school.cache())) == {'b'}


def test_fast_mentors_have_other_entries(school):
    school.filled()
    assert built(school.build(school.cache(), fast_mentors=True)) == {'a', 'b'}


@pytest.mark.parametrize('option', [dict(offload='cpu'), dict(every=2)])
def test_what_leaves_the_outputs_alone_shares_them(school, option):
    school.filled()
    school.mentors['b'].update(option)
    model = school.build(school.cache())
    assert built(model) == set()


def sigmoid_student(tiny):
    loss = dict(type='CrossEntropyLoss', use_sigmoid=True)
    return tiny.net(loss=loss)


def test_a_student_with_sigmoids_has_other_entries(school, tiny):
    school.filled()
    student = sigmoid_student(tiny)
    assert built(school.build(school.cache(), architecture=student)) == {'a', 'b'}


def test_topk_is_for_a_softmax(school, tiny):
    with pytest.raises(ValueError, match='topk=2 spreads .* sigmoids. Remove topk'):
        school.build(school.cache(topk=2), architecture=sigmoid_student(tiny))


# Who else runs mentors --------------------------------------------------------


@pytest.mark.parametrize('warm', [False, True])
def test_validation_of_mentors_is_refused(school, cc, tiny, warm):
    if warm:
        school.filled()
    model = school.build(school.cache())
    with pytest.raises(ValueError, match='cannot run mentors of a mentor_cache'):
        school.train(
            'run',
            cc.loader(),
            model,
            val_cfg=dict(type='mmrazor.ClassroomValLoop'),
            val_dataloader=tiny.tiny_loader(),
            val_evaluator=dict(type='mmpretrain.Accuracy'),
        )


@pytest.mark.parametrize('warm', [False, True])
def test_the_check_of_mentors_is_left_out(school, cc, warm, monkeypatch):
    from classroomkd_mm.engine import MentorCheckHook

    monkeypatch.setattr(MentorCheckHook, '_standings', None)  # would be an error
    if warm:
        school.filled()
    said = []
    monkeypatch.setattr(logging.Logger, 'debug', lambda _, text, *a: said.append(text))
    school.train('run', cc.loader(), school.build(school.cache()), epochs=1)
    assert [text for text in said if 'checked' in text] == [
        'The mentors are not checked: they have a cache.'
    ]


def test_no_dry_lesson(school, monkeypatch):
    from classroomkd_mm.models.algorithms import classroom_distill

    lessons = []
    monkeypatch.setattr(classroom_distill, 'give_dry_lesson', lessons.append)
    school.build(school.cache(), dry_run=True)
    assert lessons == []
    school.build(dry_run=True)
    assert len(lessons) == 1


def test_a_complete_cache_needs_no_checkpoints(school, cc):
    school.filled()
    for mentor in school.mentors.values():
        Path(mentor['ckpt']).unlink()
    model = school.build(school.cache())
    before = [p.detach().clone() for p in model.parameters()]
    school.train('run', cc.loader(), model, epochs=1)
    trained = zip(before, model.parameters(), strict=True)
    assert all(mentor._mentor is None for mentor in model.mentors)
    assert any(not torch.equal(old, new) for old, new in trained)


def test_a_missing_checkpoint_is_an_error_when_its_mentor_has_to_run(school, cc):
    school.connected()
    Path(school.mentors['a']['ckpt']).unlink()
    model = school.build(school.cache())
    with pytest.raises(FileNotFoundError, match=r"'a': the checkpoint .*a\.pth"):
        school.train('run', cc.loader(), model, epochs=1)


def test_the_doctor_runs_the_mentors_themselves(school):
    from mmengine import Config
    from tiny_classroom import classroom_config

    from classroomkd_mm.diagnosis.build import build_classroom
    from classroomkd_mm.diagnosis.findings import Findings

    school.filled()
    model = classroom_config(school.mentors, mentor_cache=school.cache())
    classroom = build_classroom(Config(dict(model=model)), Findings())
    assert classroom.mentor_cache is None
    assert len(classroom.mentors(torch.zeros(2, 3, 16, 16))) == 2
