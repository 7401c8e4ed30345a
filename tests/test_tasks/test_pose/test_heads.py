# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Every head that MMPose registers: it gives maps or vectors, or is refused by name."""

import inspect

import pytest
from torch import nn

pytest.importorskip('mmpose')

import tiny_pose as tp  # noqa: E402
from mmpose.registry import KEYPOINT_CODECS, MODELS  # noqa: E402

from classroomkd_mm.tasks.pose.form import HEATMAPS, SIMCC, pose_form  # noqa: E402

WORKING = dict.fromkeys(
    ['HeatmapHead', 'ViPNASHead', 'CPMHead', 'MSPNHead'], HEATMAPS
) | dict.fromkeys(['SimCCHead', 'RTMCCHead', 'RTMWHead'], SIMCC)
REFUSED = """AssociativeEmbeddingHead CIDHead DEKRHead DSNTHead EDPoseHead InternetHead
IntegralRegressionHead MotionRegressionHead RLEHead RTMOHead RegressionHead
TemporalRegressionHead TrajectoryRegressionHead VisPredictHead
YOLOXPoseHead""".split()


def registered():
    """Names of the heads that MMPose registers and that a model can have."""
    return {
        name
        for name, cls in MODELS.module_dict.items()
        if cls.__module__.startswith('mmpose.models.heads.')
        and not inspect.isabstract(cls)
    }


def with_head(name):
    """A pose model whose head is of a class, and has a codec."""
    network = tp.build(tp.pose_net())
    cls, codec = MODELS.get(name), tp.codec()
    if WORKING.get(name) == SIMCC:
        codec = tp.codec('SimCCLabel')
    network.head = cls.__new__(cls)
    nn.Module.__init__(network.head)
    network.head.decoder = KEYPOINT_CODECS.build(codec)
    network.head.out_channels = 17
    network.head.loss_module = nn.Identity()
    return network


def test_the_tables_name_all_heads():
    assert {*WORKING, *REFUSED} == registered()


@pytest.mark.parametrize('name', WORKING)
def test_working(name):
    assert pose_form(with_head(name), "Mentor 'm'").kind == WORKING[name]


@pytest.mark.parametrize('name', REFUSED)
def test_refused(name):
    with pytest.raises(ValueError, match=f"Mentor 'm' .*{name}.*Supported are"):
        pose_form(with_head(name), "Mentor 'm'")
