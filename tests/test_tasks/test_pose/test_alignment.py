# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A pose mentor's output in the student's form: does a joint stay where it is?"""

import numpy as np
import pytest
import torch

pytest.importorskip('mmpose')

import tiny_pose as tp  # noqa: E402

from classroomkd_mm.tasks.pose.alignment import build_aligner  # noqa: E402
from classroomkd_mm.tasks.pose.crops import ClassroomTopdownAffine  # noqa: E402

POINTS = 5
SIZES = [tp.INPUT, (96, 144), (96, 96)]
BETA = 10.0  # of the SimCC heads
# Sigma wide enough for the middle of a blob to be known to a fraction of a cell.
CODECS = dict(
    msra=dict(kind='MSRAHeatmap', sigma=2.0, unbiased=True),
    udp=dict(kind='UDPHeatmap', sigma=2.0),
    megvii=dict(kind='MegviiHeatmap', kernel_size=11),
    simcc=dict(kind='SimCCLabel', sigma=4.0),
    simcc_fine=dict(kind='SimCCLabel', sigma=6.0, simcc_split_ratio=3.0),
)
# By how many cells of the student's a joint may move. Codecs round to whole cells.
TOLERANCE = dict(msra=0.1, udp=0.55, megvii=0.75, simcc=1.0, simcc_fine=1.0)


def network(codec, points=POINTS):
    make = tp.simcc_head if codec['type'] == 'SimCCLabel' else tp.heatmap_head
    return tp.build(tp.pose_net(make(points, codec)))


def positions_in_crops(student, mentor):
    """The same joints in the student's and in the mentor's crop, in pixels."""
    rng = np.random.default_rng(1)
    joints = rng.uniform((60, 70), (110, 150), (1, POINTS, 2)).astype(np.float32)
    affine = ClassroomTopdownAffine(
        mentor_sizes=[mentor['input_size']],
        input_size=student['input_size'],
        use_udp=student['type'] == 'UDPHeatmap',
    )
    box = dict(
        img=np.zeros((200, 200, 3), np.uint8),
        bbox_center=np.array([[85.0, 110.0]], np.float32),
        bbox_scale=np.array([[90.0, 130.0]], np.float32),
        bbox_rotation=np.array([15.0], np.float32),
        keypoints=joints,
    )
    ours = affine.transform(dict(box))
    if student['input_size'] == mentor['input_size']:
        return ours['transformed_keypoints'][0], ours['transformed_keypoints'][0]
    box['bbox_scale'] = ours['bbox_scale']
    theirs = affine.affines[0].transform(box)
    return ours['transformed_keypoints'][0], theirs['transformed_keypoints'][0]


def centres(output):
    """Where blobs are, (K, 2), in cells: centres of mass around the largest value."""
    if isinstance(output, tuple):
        axes = [(BETA * axis[0].double()).softmax(-1) for axis in output]
    else:
        maps = output[0].double().clamp(min=0)
        maps = maps * (maps > 0.2 * maps.amax((-2, -1), keepdim=True))
        axes = [maps.sum(-2), maps.sum(-1)]
    return torch.stack(
        [(axis * torch.arange(axis.shape[-1])).sum(-1) / axis.sum(-1) for axis in axes],
        dim=-1,
    )


def perfect_output(codec, keypoints):
    """What a perfect model gives."""
    encoded = tp.encode(codec, keypoints, np.ones(POINTS))
    if 'heatmaps' in encoded:
        return torch.as_tensor(encoded['heatmaps'])[None].float()
    labels = (torch.as_tensor(encoded[f'keypoint_{axis}_labels']) for axis in 'xy')
    return tuple((label.float() + 1e-9).log() / BETA for label in labels)


@pytest.mark.parametrize('size', SIZES, ids=str)
@pytest.mark.parametrize('theirs', CODECS)
@pytest.mark.parametrize('ours', CODECS)
def test_joints_stay_in_place(ours, theirs, size):
    student = tp.codec(**CODECS[ours])
    mentor = tp.codec(input_size=size, **CODECS[theirs])
    if 'simcc' in theirs and 'simcc' not in ours:
        pytest.skip('refused: see test_pose_config_errors')
    aligner = build_aligner('m', network(mentor), network(student), None)
    joints, mentor_joints = positions_in_crops(student, mentor)
    aligned = aligner(perfect_output(mentor, mentor_joints))
    expected = perfect_output(student, joints)
    shapes = [
        [x.shape for x in pair] if isinstance(pair, tuple) else pair.shape
        for pair in (aligned, expected)
    ]
    assert shapes[0] == shapes[1]
    found = centres(aligned)
    form = aligner.student
    wanted = joints / np.array(form.step) - form.origin
    error = (found - torch.as_tensor(wanted)).abs().max()
    # In pixels of the student's crop, what both codecs' rounding can amount to.
    rounding = TOLERANCE[theirs] * max(aligner.mentor.step) + TOLERANCE[ours] * 0.1
    assert error * form.step[0] < rounding


@pytest.mark.parametrize('size', SIZES, ids=str)
@pytest.mark.parametrize('theirs', ['msra', 'udp', 'megvii'])
@pytest.mark.parametrize('ours', ['msra', 'udp', 'megvii'])
def test_cells_are_where_the_crops_show_them(ours, theirs, size):
    """A map whose values are pixels of the mentor's crop tells them after, too."""
    student = tp.codec(**CODECS[ours])
    mentor = tp.codec(input_size=size, **CODECS[theirs])
    aligner = build_aligner('m', network(mentor), network(student), None)
    form = aligner.mentor
    x, y = (
        (torch.arange(cells) + form.origin) * step
        for cells, step in zip(form.cells, form.step, strict=True)
    )
    height, width = len(y), len(x)
    maps = torch.stack([x.expand(height, width), y[:, None].expand(height, width)])
    maps = maps[[0, 1, 0, 1, 0]][None] * aligner.mentor.gain
    aligned = aligner(maps)[0] / aligner.student.gain
    joints, mentor_joints = positions_in_crops(student, mentor)
    form = aligner.student
    for (x, y), (their_x, their_y) in zip(joints, mentor_joints, strict=True):
        column, row = x / form.step[0] - form.origin, y / form.step[1] - form.origin
        left, top = int(column), int(row)
        slope = aligned[0, 0, left + 1] - aligned[0, 0, left]
        assert aligned[0, 0, left] + (column - left) * slope == pytest.approx(
            their_x, abs=0.02
        )
        slope = aligned[1, top + 1, 0] - aligned[1, top, 0]
        assert aligned[1, top, 0] + (row - top) * slope == pytest.approx(
            their_y, abs=0.02
        )


@pytest.mark.parametrize('codec', CODECS)
def test_same_form_is_left_alone(codec):
    codec = tp.codec(**CODECS[codec])
    aligner = build_aligner('m', network(codec), network(codec), None)
    output = perfect_output(codec, np.full((POINTS, 2), 30.0))
    aligned = aligner(output)
    for x, y in zip(aligned, output, strict=True):
        assert torch.equal(x, y)


def test_peak_height_of_megvii_becomes_the_students():
    mentor, student = tp.codec(**CODECS['megvii']), tp.codec(**CODECS['msra'])
    aligner = build_aligner('m', network(mentor), network(student), None)
    aligned = aligner(perfect_output(mentor, np.full((POINTS, 2), 34.0)))
    assert 0.8 < aligned.max() <= 1


def test_last_of_several_stages_is_taken():
    codec = tp.codec()
    aligner = build_aligner('m', network(codec), network(codec), None)
    first, last = torch.zeros(2, POINTS, 24, 16), torch.ones(2, POINTS, 24, 16)
    assert torch.equal(aligner([first, last]), last)


def test_keypoint_map():
    student, mentor = network(tp.codec(), 4), network(tp.codec(), 6)
    aligner = build_aligner('m', mentor, student, [5, None, 0, 2])
    assert aligner.taught.tolist() == [True, False, True, True]
    maps = torch.arange(6.0).view(1, 6, 1, 1).expand(2, 6, 24, 16)
    aligned = aligner(maps)
    assert aligned[0, :, 0, 0].tolist() == [5, 0, 0, 2]
    maps = maps.clone()
    maps[:, 0] = torch.nan  # also that of a key point without a partner
    assert aligner(maps)[0, 1].isfinite().all()


def test_beta_of_simcc_losses_is_evened_out():
    soft = tp.simcc_head(POINTS, loss=dict(type='KLDiscretLoss', beta=1.0))
    student = network(tp.codec('SimCCLabel'))  # beta is 10
    aligner = build_aligner('m', tp.build(tp.pose_net(soft)), student, None)
    x, y = torch.randn(2, POINTS, 128), torch.randn(2, POINTS, 192)
    aligned = aligner((x, y))
    torch.testing.assert_close((10 * aligned[0]).softmax(-1), x.softmax(-1))
    torch.testing.assert_close((10 * aligned[1]).softmax(-1), y.softmax(-1))


def test_marginals_are_those_of_the_spatial_softmax():
    student = network(tp.codec('SimCCLabel', simcc_split_ratio=0.25))
    aligner = build_aligner('m', network(tp.codec()), student, None)
    maps = torch.rand(2, POINTS, 24, 16)
    x, y = aligner(maps)
    joint = (10 * maps).flatten(2).softmax(-1).view_as(maps)
    torch.testing.assert_close((10 * x).softmax(-1), joint.sum(-2))
    torch.testing.assert_close((10 * y).softmax(-1), joint.sum(-1))


def test_half_precision_becomes_float32():
    aligner = build_aligner(
        'm', network(tp.codec(input_size=tp.LARGE_INPUT)), network(tp.codec()), None
    )
    assert aligner(torch.rand(1, POINTS, 48, 32).half()).dtype == torch.float32
