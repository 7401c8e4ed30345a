# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Records that the network overwrites in place after they were made."""

import copy
import pickle

import pytest
import torch
from torch import nn

NORM, BLOCK = 'backbone.layer1.0.bn2', 'backbone.layer1.0'


def resnet(tiny, width=4):
    """A residual network of MMPretrain, whose blocks do `out += identity`."""
    return dict(
        tiny.net(8 * width),
        backbone=dict(
            type='ResNet', depth=18, stem_channels=width, base_channels=width
        ),
    )


def classroom(tiny, student=BLOCK, mentor=BLOCK, **options):
    def outputs(source):
        return dict(type='ModuleOutputs', source=source)

    return tiny.build_classroom(
        dict(m=dict(model=resnet(tiny), ckpt=None)),
        architecture=resnet(tiny),
        distiller=dict(
            student_recorders=dict(logits=outputs('head'), f=outputs(student)),
            mentor_recorders=dict(m=dict(f=outputs(mentor))),
            distill_losses=dict(loss=dict(type='L2Loss', normalize=False)),
            loss_forward_mappings=dict(
                loss=dict(
                    s_feature=dict(recorder='f', from_student=True),
                    t_feature=dict(recorder='f', from_student=False, mentor='m'),
                )
            ),
        ),
        **options,
    )


def train_step(tiny, model):
    inputs, samples = tiny.prepared(model, tiny.batch(image_size=32))
    return model(inputs, samples, mode='loss')


@pytest.mark.parametrize(
    ('sources', 'owner'),
    [(dict(student=NORM), 'the student'), (dict(mentor=NORM), "mentor 'm'")],
)
@pytest.mark.parametrize('dry_run', [True, False])
def test_the_last_norm_of_a_residual_block(tiny, sources, owner, dry_run):
    """When the classroom is built, and without a dry run at the first batch."""
    message = (
        f"(?s)recorder 'f' of {owner} holds an output of '{NORM}'.*overwritten in place"
        f".*outputs of '{BLOCK}', the block around it"
    )
    with pytest.raises(ValueError, match=message):
        train_step(tiny, classroom(tiny, **sources, dry_run=dry_run))


def test_the_block_that_the_message_names(tiny):
    losses = train_step(tiny, classroom(tiny))
    assert losses['distill.loss'] > 0


def test_an_overwritten_record_that_nothing_uses(tiny):
    model = tiny.build_classroom(
        dict(m=dict(model=resnet(tiny), ckpt=None)),
        architecture=resnet(tiny),
        distiller=dict(
            student_recorders=dict(
                logits=dict(type='ModuleOutputs', source='head'),
                unused=dict(type='ModuleOutputs', source=NORM),
            )
        ),
    )
    train_step(tiny, model)


def test_only_the_run_and_the_item_in_question_count(tiny):
    from mmrazor.models.task_modules import RecorderManager

    from classroomkd_mm.models.distillers.records import (
        check_record,
        keep_versions,
    )

    manager = RecorderManager(dict(r=dict(type='ModuleInputs', source='0')))
    recorder = manager.get_recorder('r')
    keep_versions(manager)
    network = nn.Sequential(nn.Bilinear(2, 2, 2))
    manager.initialize(network)
    first, second, third = (torch.zeros(1, 2) for _ in range(3))
    with manager:
        network[0](first, second)
        network[0](second, third)
    second += 1

    def check(run, item):
        check_record(recorder, run, item, 'r', 'the student')

    check(0, 0)
    check(1, 1)
    for run, item in ((0, 1), (0, None), (1, 0)):
        with pytest.raises(ValueError, match="'r' of the student"):
            check(run, item)


def test_tensors_of_inference_mode_have_no_version(tiny):
    from classroomkd_mm.models.distillers.records import VersionedBuffer, version_of

    with torch.inference_mode():
        tensor = torch.zeros(2)
    VersionedBuffer().append({'a': [tensor]})
    assert version_of(tensor) == 0


def test_copies_of_a_classroom_record_for_themselves(tiny):
    model = classroom(tiny)
    twin = copy.deepcopy(model)
    expected = train_step(tiny, model)
    losses = train_step(tiny, twin)
    for name, loss in expected.items():
        assert torch.equal(losses[name], loss)
    assert twin.distiller.student_recorders is not model.distiller.student_recorders
    pickle.dumps(model.student)


def test_recording_does_not_break_the_graph_of_a_compiled_student(tiny):
    model = tiny.build_classroom().eval()
    inputs, samples = tiny.prepared(model, tiny.batch())
    expected = model(inputs, samples, mode='loss')
    compiled = torch.compile(model.student.forward, backend='eager', fullgraph=True)
    model.student.forward = compiled
    losses = model(inputs, samples, mode='loss')
    for name, loss in expected.items():
        torch.testing.assert_close(losses[name], loss)
