# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Pose models, samples and classrooms that are small enough to test with.

Crops are 64 wide and 96 high, or twice as large; heatmaps have a quarter of
that.
"""

# ruff: noqa: I001
import classroomkd_mm.models  # noqa: F401  before MMPose, which it lets import
import classroomkd_mm.tasks.pose.crops  # noqa: F401

import numpy as np
import torch
from mmengine.structures import InstanceData, PixelData
from mmpose.registry import KEYPOINT_CODECS
from mmpose.structures import PoseDataSample

from classroomkd_mm.networks import build_network

INPUT, LARGE_INPUT = (64, 96), (128, 192)


def codec(kind='MSRAHeatmap', input_size=INPUT, **options):
    """A codec's config."""
    if kind == 'SimCCLabel':
        options = {'simcc_split_ratio': 2.0, 'sigma': 2.0, **options}
    else:
        options.setdefault('heatmap_size', tuple(size // 4 for size in input_size))
        width = dict(kernel_size=5) if kind == 'MegviiHeatmap' else dict(sigma=1.5)
        options = {**width, **options}
    return dict(type=kind, input_size=input_size, **options)


def heatmap_head(points=17, decoder=None, **options):
    """A head that gives heatmaps."""
    return (
        dict(
            type='HeatmapHead',
            in_channels=32,
            out_channels=points,
            deconv_out_channels=(4, 4, 4),
            deconv_kernel_sizes=(4, 4, 4),
            loss=dict(type='KeypointMSELoss', use_target_weight=True),
            decoder=decoder or codec(),
        )
        | options
    )


def simcc_head(points=17, decoder=None, **options):
    """A head of RTMPose."""
    decoder = decoder or codec('SimCCLabel')
    return dict(
        type='RTMCCHead',
        in_channels=32,
        out_channels=points,
        input_size=decoder['input_size'],
        in_featuremap_size=tuple(size // 32 for size in decoder['input_size']),
        simcc_split_ratio=decoder['simcc_split_ratio'],
        gau_cfg=dict(
            hidden_dims=8, s=8, expansion_factor=2, dropout_rate=0.0, drop_path=0.0,
            act_fn='SiLU', use_rel_bias=False, pos_enc=False,
        ),
        loss=dict(
            type='KLDiscretLoss', use_target_weight=True, beta=10.0, label_softmax=True
        ),
        decoder=decoder,
    ) | options  # fmt: skip


def pose_net(head=None, **options):
    """A top-down pose model, with two residual blocks a stage."""
    return (
        dict(
            type='mmpose.TopdownPoseEstimator',
            data_preprocessor=dict(
                type='PoseDataPreprocessor',
                mean=[120.0, 110.0, 100.0],
                std=[60.0, 55.0, 50.0],
                bgr_to_rgb=True,
            ),
            backbone=dict(type='ResNet', depth=18, stem_channels=4, base_channels=4),
            head=head or heatmap_head(),
            test_cfg=dict(flip_test=True, flip_mode='heatmap', shift_heatmap=True),
        )
        | options
    )


def mentor(head=None, **options):
    """A mentor with random weights."""
    return dict(model=pose_net(head), ckpt=None, **options)


def pose_classroom(mentors, head=None, **distiller):
    """A classroom of pose models, for heatmaps or, with a SimCC head, for these."""
    head = head or heatmap_head()
    if head['type'] == 'RTMCCHead':
        parts = dict(
            scorer=dict(type='SimCCScorer'),
            student_recorders={
                f'simcc_{axis}': dict(type='ModuleOutputs', source=f'head.cls_{axis}')
                for axis in 'xy'
            },
            output=('simcc_x', 'simcc_y'),
            distill_losses=dict(loss_simcc=dict(type='SimCCKDLoss', sharpness=10.0)),
        )
    else:
        parts = dict(
            scorer=dict(type='HeatmapScorer'),
            student_recorders=dict(
                heatmaps=dict(type='ModuleOutputs', source='head.final_layer')
            ),
            distill_losses=dict(loss_heatmap=dict(type='HeatmapKDLoss')),
        )
    return dict(
        type='mmrazor.ClassroomDistill',
        architecture=pose_net(head),
        mentors=mentors,
        fast_mentors=False,  # bit for bit what they were built as
        distiller=dict(type='ClassroomDistiller', **(parts | distiller)),
    )


def build(cfg):
    """Build a classroom or a network."""
    return build_network(cfg)


def encode(codec_cfg, keypoints, visible):
    """What the codec makes of keypoints, (K, 2) in pixels of the crop."""
    encoder = KEYPOINT_CODECS.build(codec_cfg)
    return encoder.encode(
        np.asarray(keypoints, np.float32)[None], np.asarray(visible, np.float32)[None]
    )


def samples(codec_cfg, count=3, points=17, seed=0):
    """Crops and data samples as MMPose's pipelines and preprocessor give them."""
    rng = np.random.default_rng(seed)
    width, height = codec_cfg['input_size']
    batch = []
    for _ in range(count):
        keypoints = rng.uniform(0.1, 0.9, (points, 2)) * (width, height)
        encoded = encode(codec_cfg, keypoints, rng.random(points) < 0.8)
        sample = PoseDataSample(gt_instance_labels=InstanceData())
        for key in ('keypoint_weights', 'keypoint_x_labels', 'keypoint_y_labels'):
            if key in encoded:
                value = torch.as_tensor(encoded[key]).float()
                sample.gt_instance_labels.set_field(value, key)
        if 'heatmaps' in encoded:
            maps = torch.as_tensor(encoded['heatmaps']).float()
            sample.gt_fields = PixelData(heatmaps=maps)
        batch.append(sample)
    return torch.randn(count, 3, height, width), batch
