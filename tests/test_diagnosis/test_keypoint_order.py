# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The order of keypoints that a mentor's answers suggest."""

import pytest
import torch

pytest.importorskip('mmpose')
pytest.importorskip('scipy')

import tiny_pose as tp  # noqa: E402

ORDER = [(number + 1) % 17 for number in range(17)]


@pytest.fixture(params=['MSRAHeatmap', 'SimCCLabel'])
def room(request):
    """A classroom, batches with targets, and an output that is the truth."""
    head = tp.heatmap_head() if request.param == 'MSRAHeatmap' else tp.simcc_head()
    model = tp.build(tp.pose_classroom(dict(a=tp.mentor(head)), head))
    inputs, samples = tp.samples(tp.codec(request.param), 32)
    for sample in samples:
        sample.gt_instance_labels.keypoint_weights[:] = 1
    if request.param == 'MSRAHeatmap':
        truth = torch.stack([s.gt_fields.heatmaps for s in samples])
    else:
        fields = ('keypoint_x_labels', 'keypoint_y_labels')
        truth = tuple(
            torch.cat([s.gt_instance_labels.get(field) for s in samples])
            for field in fields
        )
    return model, [dict(inputs=inputs, data_samples=samples)], truth


def in_order(output, order):
    if isinstance(output, tuple):
        return tuple(part[:, order] for part in output)
    return output[:, order]


def test_a_shifted_order_is_found(room):
    from classroomkd_mm.diagnosis.reasons import better_keypoint_order

    model, batches, truth = room
    remedy, half, then = better_keypoint_order(
        model, 1, [in_order(truth, ORDER)], batches
    )
    back = [ORDER.index(number) for number in range(17)]
    assert remedy == f'keypoint_map={back}'
    assert then.score == pytest.approx(1)
    assert half.score < 0.5
    assert len(then.scores) == 16


def test_it_goes_on_from_the_map_that_there_is(room):
    from classroomkd_mm.diagnosis.reasons import better_keypoint_order

    model, batches, truth = room
    aligner = next(iter(model.mentors)).aligner
    aligner.points.copy_(torch.tensor(ORDER))
    remedy, _, _ = better_keypoint_order(model, 1, [in_order(truth, ORDER)], batches)
    assert remedy == f'keypoint_map={list(range(17))}'


def test_no_false_alarm(room):
    from classroomkd_mm.diagnosis.reasons import better_keypoint_order

    model, batches, truth = room
    assert better_keypoint_order(model, 1, [truth], batches) is None
    torch.manual_seed(0)
    noise = (
        tuple(torch.rand_like(part) for part in truth)
        if isinstance(truth, tuple)
        else torch.rand_like(truth)
    )
    assert better_keypoint_order(model, 1, [noise], batches) is None
    next(iter(model.mentors)).aligner.taught[3] = False
    assert better_keypoint_order(model, 1, [in_order(truth, ORDER)], batches) is None


def test_a_few_samples_prove_nothing(room):
    from classroomkd_mm.diagnosis.reasons import better_keypoint_order
    from classroomkd_mm.nested import map_tensors

    model, batches, truth = room
    samples = batches[0]['data_samples']
    wrong = in_order(truth, ORDER)
    for count in (1, 2, 14):
        few = map_tensors(lambda part, count=count: part[:count], wrong)
        batches = [dict(inputs=None, data_samples=samples[:count])]
        assert better_keypoint_order(model, 1, [few], batches) is None


def test_the_doctor_says_so(room):
    from classroomkd_mm.diagnosis.data import Batches
    from classroomkd_mm.diagnosis.doctor import _judge
    from classroomkd_mm.diagnosis.findings import Findings
    from classroomkd_mm.diagnosis.marks import mark

    model, batches, truth = room
    outputs = [in_order(truth, ORDER)]
    mentor = next(iter(model.mentors))
    mentor.source = 'file.pth'
    mentor(batches[0]['inputs'], batches[0]['data_samples'])
    now = mark(model, 1, outputs, batches)
    findings = Findings()
    _judge(model, 1, outputs, now, Batches(None, 'val_dataloader', batches), findings)
    text = next(f.text for f in findings if 'keypoint' in f.text)
    assert 'keypoint_map=[16, 0, 1' in text
