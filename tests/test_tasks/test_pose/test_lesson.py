# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A training step of a small pose classroom."""

import pytest
import torch

pytest.importorskip('mmpose')

import tiny_pose as tp  # noqa: E402

from classroomkd_mm.classroom.statistics import ROWS  # noqa: E402
from classroomkd_mm.tasks.pose.inputs import crop_field  # noqa: E402

LARGE = tp.codec(input_size=tp.LARGE_INPUT)


def step(model, codec, samples=None):
    inputs, data_samples = samples or tp.samples(codec)
    losses = model(inputs, data_samples, mode='loss')
    total, _ = model.parse_losses(losses)
    total.backward()
    return losses


@pytest.mark.slow
def test_multi_stage_student():
    codec = tp.codec(input_size=(64, 64), heatmap_size=(16, 16))
    hourglass = dict(
        type='HourglassNet', downsample_times=1, num_stacks=2, feat_channel=256,
        stage_channels=(256, 256), stage_blocks=(1, 1),
    )  # fmt: skip
    head = dict(
        type='CPMHead', in_channels=256, out_channels=17, num_stages=2,
        deconv_out_channels=None, decoder=codec,
        loss=dict(type='KeypointMSELoss', use_target_weight=True),
    )  # fmt: skip
    cfg = tp.pose_classroom(
        dict(a=tp.mentor(tp.heatmap_head(decoder=codec))),
        head,
        student_recorders=dict(
            maps=dict(type='ModuleOutputs', source='head.multi_final_layers.1')
        ),
        mentoring=dict(type='Mentoring', mode='off'),
        knowledge_filter=dict(type='KnowledgeFilter', enabled=False),
    )
    cfg['architecture']['backbone'] = hourglass
    cfg['mentors']['stages'] = dict(model=cfg['architecture'], ckpt=None)
    losses = step(tp.build(cfg), codec)
    assert losses['distill.loss_heatmap'] > 0


def test_filter_decides_who_teaches():
    model = tp.build(tp.pose_classroom(dict(a=tp.mentor(), b=tp.mentor())))
    step(model, tp.codec())
    sums = model.distiller.last_sums
    assert sums.shape[1] == 3 and sums.isfinite().all()


@pytest.mark.parametrize('enabled', [True, False])
def test_mse_baseline(enabled):
    model = tp.build(
        tp.pose_classroom(
            dict(a=tp.mentor(), b=tp.mentor()),
            knowledge_filter=dict(type='KnowledgeFilter', enabled=enabled),
            distill_losses=dict(loss_mse=dict(type='HeatmapMSELoss')),
        )
    )
    losses = step(model, tp.codec())
    assert losses['distill.loss_mse'].isfinite()
    if not enabled:
        assert losses['distill.loss_mse'] > 0


def test_nan_mentor_is_left_out():
    model = tp.build(tp.pose_classroom(dict(good=tp.mentor(), bad=tp.mentor())))
    layer = model.mentors['bad'].network.head.final_layer
    torch.nn.init.constant_(layer.bias, torch.nan)
    step(model, tp.codec())
    sums = model.distiller.last_sums
    assert sums[ROWS.index('taught'), 2] == 0
    assert sums[ROWS.index('invalid'), 2] == 3
    assert all(
        p.grad is None or p.grad.isfinite().all() for p in model.student.parameters()
    )


def test_crop_in_the_data_samples_is_what_the_mentor_sees():
    mentor = tp.mentor(tp.heatmap_head(decoder=LARGE))
    model = tp.build(tp.pose_classroom(dict(large=mentor)))
    seen = []
    network = model.mentors['large'].network
    network.backbone.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    inputs, data_samples = tp.samples(tp.codec())
    step(model, None, (inputs, data_samples))
    crops = torch.randint(0, 256, (3, 3, 192, 128), dtype=torch.uint8)
    for sample, crop in zip(data_samples, crops, strict=True):
        sample.set_field(crop, crop_field((192, 128)))
    step(model, None, (inputs, data_samples))
    assert [tuple(x.shape) for x in seen] == [(3, 3, 192, 128)] * 2
    preprocessor = network.data_preprocessor
    expected = (crops.flip(1).float() - preprocessor.mean) / preprocessor.std
    torch.testing.assert_close(seen[1], expected)


def test_other_proportions_need_a_crop():
    square = tp.codec(input_size=(96, 96))
    mentor = tp.mentor(tp.heatmap_head(decoder=square))
    model = tp.build(tp.pose_classroom(dict(square=mentor)))
    with pytest.raises(ValueError, match="'square'.*ClassroomTopdownAffine"):
        step(model, tp.codec())


def test_mentor_sees_the_people_that_the_student_sees():
    """Crops of the student and of the mentor show the same, but for their size."""
    import cv2
    import numpy as np

    from classroomkd_mm.tasks.pose.crops import ClassroomTopdownAffine

    rng = np.random.default_rng(0)
    image = cv2.resize(rng.integers(0, 256, (20, 20, 3), np.uint8), (200, 200))
    crop = ClassroomTopdownAffine(mentor_sizes=[(128, 192)], input_size=(64, 96))
    results = crop.transform(
        dict(
            img=image,
            bbox_center=np.array([[100.0, 100.0]], np.float32),
            bbox_scale=np.array([[100.0, 120.0]], np.float32),
            bbox_rotation=np.array([20.0], np.float32),
        )
    )
    large = results['mentor_crops'][crop_field((192, 128))]
    assert large.shape == (192, 128, 3)
    small = cv2.resize(large, (64, 96), interpolation=cv2.INTER_AREA)
    difference = np.abs(small.astype(float) - results['img'])
    assert difference.mean() < 4
