# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A mentor's maps become keypoints as the student's own do."""

import numpy as np
import pytest
import torch

pytest.importorskip('mmpose')

import tiny_pose as tp  # noqa: E402
from mmengine.structures import InstanceData  # noqa: E402

from classroomkd_mm.tasks.pose.inputs import crop_field  # noqa: E402

# Left and right of COCO's 17 keypoints.
FLIPS = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
LARGE = tp.codec(input_size=tp.LARGE_INPUT)
HEADS = dict(
    msra=lambda: tp.heatmap_head(),
    udp=lambda: tp.heatmap_head(decoder=tp.codec('UDPHeatmap')),
    simcc=lambda: tp.simcc_head(),
)


def batch(size=tp.INPUT, crops=None):
    """Crops in the middle of an image, and samples for a test of them."""
    images, samples = tp.samples(tp.codec(input_size=size))
    for number, sample in enumerate(samples):
        sample.set_metainfo(
            dict(
                flip_indices=FLIPS,
                input_size=size,
                input_center=np.array([100.0, 120.0]),
                input_scale=np.array([80.0, 120.0]),
            )
        )
        sample.gt_instances = InstanceData(
            bboxes=np.zeros((1, 4)), bbox_scores=np.ones(1)
        )
        if crops is not None:
            sample.set_field(crops[number], crop_field(crops.shape[-2:]))
    return images, samples


def keypoints(samples):
    """Keypoints and scores of a batch."""
    found = [sample.pred_instances for sample in samples]
    return (
        np.stack([each.keypoints for each in found]),
        np.stack([each.keypoint_scores for each in found]),
    )


@pytest.mark.parametrize('flip', [True, False])
@pytest.mark.parametrize('kind', HEADS)
def test_a_mentor_that_is_the_student_predicts_what_it_does(kind, flip):
    net = tp.pose_net(HEADS[kind]())
    net['test_cfg']['flip_test'] = flip
    model = tp.build(
        dict(
            type='mmrazor.ClassroomDistill',
            architecture=net,
            mentors=dict(same=dict(model=net, ckpt=None, fast=False)),
        )
    ).eval()
    mentor = model.mentors['same']
    mentor.network.load_state_dict(model.student.state_dict())
    inputs, samples = batch()
    with torch.no_grad():
        predicted = model.task.predict(model.student, mentor, inputs, samples)
        found = keypoints(predicted)
        expected = keypoints(model.student.predict(inputs, batch()[1]))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_the_crop_of_a_larger_mentor_is_mirrored_too():
    model = tp.build(
        tp.pose_classroom(dict(large=tp.mentor(tp.heatmap_head(decoder=LARGE))))
    ).eval()
    width, height = tp.LARGE_INPUT
    crops = torch.randint(256, (3, 3, height, width), dtype=torch.uint8)
    seen = []
    mentor = model.mentors['large']
    mentor.network.backbone.register_forward_pre_hook(
        lambda module, args: seen.append(args[0])
    )
    with torch.no_grad():
        model.task.predict(model.student, mentor, *batch(crops=crops))
    assert [image.shape[-2:] for image in seen] == [(height, width)] * 2
    assert torch.equal(seen[0].flip(-1), seen[1])
