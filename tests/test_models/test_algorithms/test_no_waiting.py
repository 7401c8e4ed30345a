# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A training step never makes the host wait for the accelerator.

A tensor whose value Python needs stops the host until the device has computed it. On
the device ``meta``, tensors have no values: whatever needs one raises an error there,
``.cpu()`` and ``.tolist()`` included. The dispatch mode names the operator.
"""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

WAITING = {
    '_local_scalar_dense', 'equal', 'is_nonzero', 'item', 'masked_select', 'nonzero',
    'unique_consecutive', 'unique_dim', '_unique', '_unique2', 'repeat_interleave',
}  # fmt: skip


class NoWaiting(TorchDispatchMode):
    """Refuse operators whose result, or its shape, the host has to see."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        assert name not in WAITING, f'{name} makes the host wait'
        return func(*args, **(kwargs or {}))


def classifiers(tiny, **distiller):
    norm = dict(mean=[1.0, 2.0, 3.0], std=[4.0, 5.0, 6.0], to_rgb=False)
    model = tiny.build_classroom(
        dict(a=tiny.mentor(norm=norm), b=dict(tiny.mentor(8), fast=True)),
        distiller=dict(type='ClassroomDistiller', **distiller),
    )
    return model, *tiny.prepared(model, tiny.batch())


def lesson_loss(tiny, per='sample', **loss):
    return classifiers(
        tiny, distill_losses=dict(loss=dict(type='LessonLoss', per=per, loss=loss))
    )


def heatmaps(tiny):
    import tiny_pose as pose

    head = pose.heatmap_head()
    model = pose.build(pose.pose_classroom(dict(a=pose.mentor(), b=pose.mentor())))
    return model, *pose.samples(head['decoder'])


def simcc(tiny):
    import tiny_pose as pose

    head = pose.simcc_head()
    mentors = dict(a=pose.mentor(pose.simcc_head()), b=pose.mentor(pose.simcc_head()))
    model = pose.build(pose.pose_classroom(mentors, head))
    return model, *pose.samples(head['decoder'])


@pytest.fixture
def no_accuracy(tiny, monkeypatch):
    """Leave out the accuracy that MMPose's heads compute with NumPy, which waits."""
    heads = 'mmpose.models.heads'
    for module, accuracy in (
        (f'{heads}.heatmap_heads.heatmap_head', 'pose_pck_accuracy'),
        (f'{heads}.coord_cls_heads.rtmcc_head', 'simcc_pck_accuracy'),
    ):
        monkeypatch.setattr(f'{module}.to_numpy', lambda tensors: 0)
        monkeypatch.setattr(f'{module}.{accuracy}', lambda *_, **__: (0, 0.0, 0))


CLASSROOMS = {
    'classification': classifiers,
    'filter off': lambda tiny: classifiers(
        tiny, knowledge_filter=dict(filtering=False)
    ),
    'batch level': lambda tiny: classifiers(tiny, knowledge_filter=dict(level='batch')),
    'dtkd': lambda tiny: classifiers(tiny, mentoring=dict(mentoring='dtkd')),
    'trust': lambda tiny: classifiers(tiny, knowledge_filter=dict(type='TrustFilter')),
    'dropping': lambda tiny: classifiers(
        tiny, knowledge_filter=dict(type='DroppingFilter')
    ),
    'soft gate': lambda tiny: classifiers(
        tiny, knowledge_filter=dict(filtering='soft', weights='confidence')
    ),
    'options of the loss': lambda tiny: classifiers(
        tiny,
        knowledge_filter=dict(slack=1.0, weights='uniform'),
        distill_losses=dict(loss=dict(standardize=3.0)),
    ),
    'entropy and average': lambda tiny: classifiers(
        tiny,
        scorer=dict(type='EntropyScorer'),
        distill_losses=dict(loss=dict(type='AverageLogitsKDLoss')),
    ),
    'DKD': lambda tiny: lesson_loss(tiny, type='DKDLoss'),
    'DIST': lambda tiny: lesson_loss(tiny, 'batch', type='DISTLoss', tau=4.0),
    'heatmaps': heatmaps,
    'simcc': simcc,
}


def step(model, inputs, samples):
    """One training step, as a Runner does it."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model.train()
    loss, _ = model.parse_losses(model(inputs, samples, mode='loss'))
    loss.backward()
    optimizer.step()


@pytest.fixture(params=CLASSROOMS)
def classroom(request, tiny, no_accuracy):
    return CLASSROOMS[request.param](tiny)


def test_no_operator_waits(classroom, monkeypatch):
    # On the CPU, where nothing has to wait, the student's scores are checked at once.
    check = 'classroomkd_mm.functional.lesson.require_finite_student'
    monkeypatch.setattr(check, lambda scores: None)
    with NoWaiting():
        step(*classroom)


def test_a_step_needs_no_values(classroom):
    model, inputs, samples = classroom
    step(model.to('meta'), inputs.to('meta'), [each.to('meta') for each in samples])


@pytest.mark.parametrize(
    'wait',
    [
        lambda x: x.sum().item(),
        lambda x: x[x > 0],
        lambda x: torch.equal(x, x),
        lambda x: bool((x > 0).all()),
        lambda x: x.tolist(),
        lambda x: x.cpu(),
    ],
    ids=['item', 'mask', 'equal', 'bool', 'tolist', 'cpu'],
)
def test_waiting_is_noticed(wait):
    """The tests above can fail."""
    with pytest.raises((RuntimeError, NotImplementedError)):
        wait(torch.ones(3, device='meta'))
