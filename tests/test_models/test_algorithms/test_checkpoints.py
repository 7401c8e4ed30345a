# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A checkpoint of a classroom is a checkpoint of its student."""

import pytest
import torch


@pytest.fixture
def model(tiny):
    return tiny.build_classroom()


def with_connector(tiny, seed=0):
    return tiny.build_classroom(
        dict(a=tiny.mentor(6)),
        seed=seed,
        distiller=dict(
            type='ClassroomDistiller',
            student_recorders=dict(
                logits=dict(type='ModuleOutputs', source='head'),
                features=dict(type='ModuleOutputs', source='backbone.conv'),
            ),
            mentor_recorders=dict(
                a=dict(features=dict(type='ModuleOutputs', source='backbone.conv'))
            ),
            connectors=dict(
                widen=dict(type='ConvModuleConnector', in_channel=4, out_channel=6)
            ),
            distill_losses=dict(loss_feature=dict(type='L2Loss')),
            loss_forward_mappings=dict(
                loss_feature=dict(
                    s_feature=dict(
                        recorder='features', from_student=True, connector='widen'
                    ),
                    t_feature=dict(recorder='features', from_student=False, mentor='a'),
                )
            ),
        ),
    )


def same(one, two):
    assert set(one) == set(two)
    return all(torch.equal(one[key], two[key]) for key in one)


def test_keys_are_the_students_own(tiny, model):
    assert list(model.state_dict()) == list(model.student.state_dict())
    assert same(model.state_dict(), model.student.state_dict())
    metadata = model.state_dict()._metadata
    assert (
        metadata['backbone.norm']
        == model.student.state_dict()._metadata['backbone.norm']
    )


def test_loads_strictly_into_the_plain_student(tiny, model):
    from mmrazor.registry import MODELS

    student = MODELS.build(dict(tiny.net(), _scope_='mmpretrain'))
    assert not same(student.state_dict(), model.state_dict())
    student.load_state_dict(model.state_dict(), strict=True)
    assert same(student.state_dict(), model.state_dict())


def test_loads_back_into_a_classroom(tiny, model):
    other = tiny.build_classroom(seed=1)
    assert not same(other.state_dict(), model.state_dict())
    saved = model.state_dict()
    other.load_state_dict(saved, strict=True)
    assert same(other.state_dict(), model.state_dict())
    assert list(saved) == list(model.state_dict())  # what is loaded is not changed


def test_mmrazors_own_names_are_accepted(tiny, model):
    other = tiny.build_classroom(seed=1)
    saved = {f'architecture.{k}': v for k, v in model.student.state_dict().items()}
    other.load_state_dict(saved, strict=True)
    assert same(other.state_dict(), model.state_dict())


@pytest.mark.parametrize('prefix', ['', 'architecture.'])
def test_mmengine_loads_both(tiny, model, tmp_path, prefix, capsys):
    from mmengine.runner import load_checkpoint

    saved = {prefix + k: v for k, v in model.student.state_dict().items()}
    torch.save(dict(state_dict=saved, meta={}), tmp_path / 'x.pth')
    other = tiny.build_classroom(seed=1)
    load_checkpoint(other, str(tmp_path / 'x.pth'), strict=True)
    assert same(other.state_dict(), model.state_dict())


def test_missing_and_foreign_weights_are_noticed(model):
    saved = model.student.state_dict()
    del saved['head.fc.bias']
    saved['head.fc.extra'] = torch.zeros(1)
    with pytest.raises(RuntimeError, match=r'(?s)fc\.bias.*fc\.extra'):
        model.load_state_dict(saved, strict=True)


def test_connectors_are_kept_under_distiller(tiny):
    model, other = with_connector(tiny), with_connector(tiny, seed=1)
    student = set(model.student.state_dict())
    rest = set(model.state_dict()) - student
    assert rest
    assert all(key.startswith('distiller.connectors.widen.') for key in rest)
    assert not same(other.state_dict(), model.state_dict())
    other.load_state_dict(model.state_dict(), strict=True)
    assert same(other.state_dict(), model.state_dict())


def test_connectors_are_trained(tiny):
    model = with_connector(tiny)
    inputs, samples = tiny.prepared(model, tiny.batch())
    sum(model(inputs, samples, mode='loss').values()).backward()
    connector = model.distiller.connectors['widen']
    assert all(p.grad is not None for p in connector.parameters())
    assert {id(p) for p in connector.parameters()} < {id(p) for p in model.parameters()}


def test_inside_another_module(tiny, model):
    """Averaged models and other wrappers put a prefix before all names."""
    outer, other = (
        torch.nn.Sequential(model),
        torch.nn.Sequential(tiny.build_classroom(seed=1)),
    )
    expected = {f'0.{key}' for key in model.student.state_dict()}
    assert set(outer.state_dict()) == expected
    other.load_state_dict(outer.state_dict(), strict=True)
    assert same(other.state_dict(), outer.state_dict())


def test_a_finished_classroom_can_be_a_mentor(tiny, tmp_path):
    from mmrazor.registry import MODELS

    former, path = with_connector(tiny), str(tmp_path / 'student.pth')
    torch.save(dict(state_dict=former.state_dict()), path)
    mentors = dict(former=dict(model=tiny.net(), ckpt=path))
    promoted = MODELS.build(tiny.classroom_config(mentors)).mentors['former']
    assert same(promoted.network.state_dict(), former.student.state_dict())
    assert promoted.source.endswith('student.pth')
