# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What is wrong with a pose classroom is said when its config is read."""

import pytest
import torch

pytest.importorskip('mmpose')

import tiny_pose as tp  # noqa: E402

HEATMAPS, SIMCC = tp.codec(), tp.codec('SimCCLabel')


def other_model(head, **options):
    return dict(model=tp.pose_net(head, **options), ckpt=None)


REGRESSION = dict(type='RegressionHead', in_channels=32, num_joints=17)
BOTTOM_UP = dict(
    model=dict(
        tp.pose_net(tp.heatmap_head()),
        type='mmpose.BottomupPoseEstimator',
        head=dict(
            type='AssociativeEmbeddingHead',
            in_channels=32,
            num_keypoints=17,
            tag_dim=1,
            keypoint_loss=dict(type='KeypointMSELoss'),
            tag_loss=dict(type='AssociativeEmbeddingLoss'),
            deconv_out_channels=(4,),
            deconv_kernel_sizes=(4,),
        ),
    ),
    ckpt=None,
)
CLASSIFIER = dict(
    model=dict(
        type='mmpretrain.ImageClassifier',
        backbone=dict(type='LeNet5', num_classes=17),
        head=dict(type='ClsHead'),
    ),
    ckpt=None,
)


def points(count, **options):
    return tp.mentor(tp.heatmap_head(count), **options)


@pytest.mark.parametrize(
    'mentor, words',
    [
        (points(133), ['133 keypoints', 'gives 17', 'keypoint_map', '17 entries']),
        (points(133, keypoint_map=[0, 1]), ['2 entries', 'needs 17']),
        (points(133, keypoint_map=[None] * 17), ['at least one keypoint']),
        (points(20, keypoint_map=[*range(16), 20]), ['[20]', '0 to 19']),
        (tp.mentor(REGRESSION), ['RegressionHead', 'neither heatmaps', 'HeatmapHead']),
        (BOTTOM_UP, ['BottomupPoseEstimator', 'bottom-up', 'top-down']),
        (tp.mentor(tp.simcc_head()), ['SimCC vectors', 'student with a SimCC head']),
        (CLASSIFIER, ['ImageClassifier', "task 'classification'", "task 'pose'"]),
        (tp.mentor(tp.heatmap_head() | dict(decoder=None)), ['decoder', 'codec']),
        (
            tp.mentor(
                tp.heatmap_head(
                    51, tp.codec('UDPHeatmap', heatmap_type='combined'),
                    loss=dict(type='CombinedTargetMSELoss', use_target_weight=True),
                )
            ),
            ['combined', 'offsets'],
        ),
        (points(17, input_size=(100, 50)), ['input_size', '(96, 64)', 'codec']),
        (points(17, keypoints_map=[0]), ['keypoints_map', "'keypoint_map'"]),
    ],
    ids=lambda value: '-'.join(value) if isinstance(value, list) else '',
)  # fmt: skip
def test_wrong_mentor(mentor, words):
    with pytest.raises((ValueError, TypeError)) as error:
        tp.build(tp.pose_classroom(dict(good=tp.mentor(), wrong=mentor)))
    for word in ["Mentor 'wrong'", *words]:
        assert word in str(error.value)


def test_pose_mentor_for_a_classifier(tiny):
    with pytest.raises(ValueError, match=r"Mentor 'pose'.*ImageClassifier.*'pose'"):
        tiny.build_classroom(dict(pose=tp.mentor()))


@pytest.mark.parametrize(
    'head, distiller, words',
    [
        (
            tp.heatmap_head(),
            dict(scorer=dict(type='SimCCScorer')),
            ['SimCCScorer scores SimCC vectors', 'gives heatmaps', 'HeatmapScorer'],
        ),
        (
            tp.heatmap_head(),
            dict(scorer=dict(type='ClassificationScorer')),
            ['ClassificationScorer', 'TopdownPoseEstimator', "task 'pose'"],
        ),
        (
            tp.heatmap_head(16),
            {},
            ['17 sigmas', "'coco'", '16 keypoints', "'mpii'"],
        ),
        (
            tp.heatmap_head(),
            dict(scorer=dict(type='HeatmapScorer', sigmas='cocoa')),
            ["sigmas='cocoa'", "'mpii'"],
        ),
        (
            tp.heatmap_head(),
            dict(scorer=dict(type='HeatmapScorer', sigmas=[0.1, 0])),
            ['positive numbers', '[0.1, 0]'],
        ),
        (
            tp.heatmap_head(),
            dict(scorer=dict(type='HeatmapScorer', score='OKS')),
            ["score='OKS'", "'oks'", "'likelihood'"],
        ),
        (
            tp.heatmap_head(),
            dict(distill_losses=dict(loss=dict(type='HeatmapKDLoss', sharpness=0))),
            ['sharpness=0', 'greater than 0'],
        ),
    ],
    ids=['scorer', 'classifier', 'sigmas', 'data set', 'values', 'score', 'sharpness'],
)
def test_wrong_part(head, distiller, words):
    mentors = dict(a=tp.mentor(tp.heatmap_head(head['out_channels'])))
    with pytest.raises((ValueError, TypeError)) as error:
        tp.build(tp.pose_classroom(mentors, head, **distiller))
    for word in words:
        assert word in str(error.value)


def test_student_with_several_targets():
    codec = tp.codec('MegviiHeatmap')
    head = dict(
        type='MSPNHead', num_stages=1, num_units=1, unit_channels=32,
        out_shape=(24, 16), level_indices=[0], out_channels=17, decoder=codec,
    )  # fmt: skip
    recorder = dict(type='ModuleOutputs', source='head.predict_layers.0')
    with pytest.raises(ValueError, match='MSPNHead.*mentor.*HeatmapHead'):
        tp.build(
            tp.pose_classroom(
                dict(a=tp.mentor()), head, student_recorders=dict(maps=recorder)
            )
        )


def test_weights_of_older_versions_are_loaded(tmp_path):
    old = tp.build(tp.pose_net()).state_dict()
    old = {name.replace('head.', 'keypoint_head.'): old[name] for name in old}
    torch.save(dict(state_dict=old), tmp_path / 'old.pth')
    mentor = dict(model=tp.pose_net(), ckpt=str(tmp_path / 'old.pth'))
    model = tp.build(tp.pose_classroom(dict(a=mentor)))
    weight = model.mentors['a'].network.head.final_layer.weight
    assert torch.equal(weight, old['keypoint_head.final_layer.weight'])


def test_sigmas_of_a_data_set():
    mpii = dict(scorer=dict(type='HeatmapScorer', sigmas='mpii'))
    head = tp.heatmap_head(16)
    model = tp.build(tp.pose_classroom(dict(a=tp.mentor(head)), head, **mpii))
    assert model.distiller.scorer.sigmas[0] == pytest.approx(0.089)
    assert not any('scorer' in key for key in model.state_dict())


def test_data_set_without_sigmas(tmp_path):
    path = tmp_path / 'five.py'
    names = ''.join(
        f"{i}: dict(name='p{i}', id={i}, color=[0, 0, 0], type='', swap=''),"
        for i in range(5)
    )
    path.write_text(
        f"dataset_info = dict(dataset_name='five', keypoint_info={{{names}}}, "
        'skeleton_info={}, joint_weights=[1.0] * 5, sigmas=[])'
    )
    scorer = dict(scorer=dict(type='HeatmapScorer', sigmas=str(path)))
    head = tp.heatmap_head(5)
    model = tp.build(tp.pose_classroom(dict(a=tp.mentor(head)), head, **scorer))
    assert model.distiller.scorer.sigmas.tolist() == pytest.approx([0.05] * 5)
