# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Promise 1: a mentor is frozen, whole, and nobody but the algorithm sees it."""

import copy
import io

import pytest
import torch
from torch import nn


@pytest.fixture
def model(tiny):
    """A classroom with a mentor that is random unless it is in eval mode."""
    return tiny.build_classroom(
        dict(calm=tiny.mentor(6), random=tiny.mentor(8, backbone=dict(dropout=0.5)))
    )


def mentor_tensors(model):
    return {
        f'{mentor.name}.{key}': value.clone()
        for mentor in model.mentors
        for key, value in mentor.state_dict().items()
    }


def test_dropout_and_norms_are_in_eval_mode_while_the_student_trains(tiny, model):
    inputs, _ = tiny.prepared(model, tiny.batch())
    model.train()
    assert model.student.training
    before = mentor_tensors(model)
    one, two = model.mentors(inputs), model.mentors(inputs)
    for first, second in zip(one, two, strict=True):
        assert torch.equal(first, second)
        assert not first.requires_grad
    for mentor in model.mentors:
        assert not any(module.training for module in mentor.modules())
        mentor.train()
        mentor.network.eval()
        assert not any(module.training for module in mentor.modules())
    for key, value in mentor_tensors(model).items():
        assert torch.equal(value, before[key]), key
    expected = [mentor.network(inputs, mode='tensor') for mentor in model.mentors]
    for first, plain in zip(one, expected, strict=True):
        assert torch.equal(first, plain)


def test_the_dropout_of_this_mentor_is_one(tiny, model):
    """The test above can fail: the same network in training mode is random."""
    inputs, _ = tiny.prepared(model, tiny.batch())
    network = model.mentors['random'].network.train()
    one, two = (network(inputs, mode='tensor') for _ in range(2))
    assert not torch.equal(one, two)


def test_training_steps_leave_the_mentors_alone(tiny, model):
    before = mentor_tensors(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model.train()
    inputs, samples = tiny.prepared(model, tiny.batch())
    for _ in range(3):
        optimizer.zero_grad()
        sum(model(inputs, samples, mode='loss').values()).backward()
        optimizer.step()
    for key, value in mentor_tensors(model).items():
        assert torch.equal(value, before[key]), key
    for mentor in model.mentors:
        for parameter in mentor.parameters():
            assert not parameter.requires_grad
            assert parameter.grad is None


def test_mentors_are_seen_by_nobody(model):
    student = sum(p.numel() for p in model.student.parameters())
    assert sum(p.numel() for p in model.parameters()) == student
    addresses = {
        tensor.data_ptr()
        for mentor in model.mentors
        for tensor in (*mentor.parameters(), *mentor.buffers())
    }
    for tensor in (*model.parameters(), *model.buffers()):
        assert tensor.data_ptr() not in addresses
    networks = {id(mentor.network) for mentor in model.mentors}
    assert not networks & {id(module) for module in model.modules()}
    assert not any('mentors' in name for name, _ in model.named_modules())
    assert not any('mentor' in name for name, _ in model.named_buffers())
    assert not any('mentor' in name for name in model.state_dict())


def test_a_built_mentor_is_frozen_too(tiny):
    network = tiny.stir(nn.Sequential(nn.Conv2d(3, 2, 3), nn.Dropout(), nn.Flatten()))
    network.append(nn.LazyLinear(4))
    network(torch.zeros(1, 3, 12, 12))
    model = tiny.build_classroom(dict(built=network.train()))
    inputs, samples = tiny.prepared(model, tiny.batch())
    model.train()
    assert torch.equal(model.mentors(inputs)[0], model.mentors(inputs)[0])
    sum(model(inputs, samples, mode='loss').values()).backward()
    assert all(p.grad is None and not p.requires_grad for p in network.parameters())


def test_deep_copies_share_the_mentors(tiny, model):
    inputs, samples = tiny.prepared(model, tiny.batch())
    twin = copy.deepcopy(model)
    assert twin.student is not model.student
    assert twin.distiller is not model.distiller
    for one, two in zip(model.mentors, twin.mentors, strict=True):
        assert one is two
    for name, loss in model(inputs, samples, mode='loss').items():
        assert torch.equal(loss, twin(inputs, samples, mode='loss')[name])


def test_deep_copy_in_the_middle_of_training(tiny):
    """Nothing of a finished step is left, least of all its graph."""
    model = tiny.build_classroom(
        dict(a=tiny.mentor()),
        distiller=dict(
            type='ClassroomDistiller',
            student_recorders=dict(
                logits=dict(type='ModuleOutputs', source='head'),
                features=dict(type='ModuleOutputs', source='neck'),
            ),
            mentor_recorders=dict(
                a=dict(features=dict(type='ModuleOutputs', source='neck'))
            ),
        ),
    )
    inputs, samples = tiny.prepared(model, tiny.batch())
    model(inputs, samples, mode='loss')
    twin = copy.deepcopy(model)
    assert set(twin.state_dict()) == set(model.state_dict())
    twin(inputs, samples, mode='loss')
    model.distillation_stopped = True
    model(inputs, samples, mode='loss')
    copy.deepcopy(model)


def test_averaged_model_shares_the_mentors(model):
    from mmengine.model import ExponentialMovingAverage

    average = ExponentialMovingAverage(model)
    assert average.module.mentors is model.mentors
    names = set(average.state_dict())
    assert names == {'steps', *(f'module.{name}' for name in model.state_dict())}
    for parameter in model.parameters():
        parameter.data.add_(1)
    before = mentor_tensors(model)
    average.update_parameters(model)
    for key, value in mentor_tensors(model).items():
        assert torch.equal(value, before[key])


@pytest.mark.parametrize(
    'move',
    [
        pytest.param(lambda model: model.to(torch.float64), id='to(float64)'),
        pytest.param(lambda model: model.double(), id='double'),
        pytest.param(lambda model: model.to('meta'), id='to(meta)'),
    ],
)
def test_mentors_go_where_the_student_goes(model, move):
    move(model)
    like = next(model.student.parameters())
    for mentor in model.mentors:
        for tensor in (*mentor.parameters(), *mentor.buffers()):
            assert tensor.device == like.device
            if tensor.is_floating_point():
                assert tensor.dtype == like.dtype
        assert not any(p.requires_grad for p in mentor.parameters())


def test_double_precision_classroom_works(tiny):
    norm = dict(mean=[1.0, 2.0, 3.0], std=[4.0, 5.0, 6.0], to_rgb=False)
    model = tiny.build_classroom(dict(a=tiny.mentor(norm=norm))).double()
    inputs, samples = tiny.prepared(model, tiny.batch())
    losses = model(inputs.double(), samples, mode='loss')
    assert all(loss.dtype == torch.float64 for loss in losses.values())


def test_checkpoint_is_the_size_of_the_students(tiny):
    # Enough channels that the weights outweigh what a file holds besides.
    model = tiny.build_classroom(
        dict(big=tiny.mentor(5000), bigger=tiny.mentor(9000)),
        architecture=tiny.net(1000),
    )

    def size(module):
        buffer = io.BytesIO()
        torch.save(module.state_dict(), buffer)
        return buffer.tell()

    assert size(model) == pytest.approx(size(model.student), rel=0.01)
