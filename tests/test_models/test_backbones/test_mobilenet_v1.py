# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""MobileNetV1, against what its paper tells of it."""

import torch
from mmengine.analysis import get_model_complexity_info
from mmpretrain.registry import MODELS

import classroomkd_mm  # noqa: F401


def build(**options):
    return MODELS.build(dict(type='mmpretrain.MobileNetV1', **options))


def test_size_is_that_of_the_paper():
    """Arxiv 1704.04861, table 4: 4.2 million weights, 569 million multiply-adds."""
    backbone = build().eval()
    classifier = 1024 * 1000 + 1000
    weights = sum(parameter.numel() for parameter in backbone.parameters())
    assert round((weights + classifier) / 1e6, 1) == 4.2
    counted = get_model_complexity_info(backbone, (3, 224, 224), show_table=False)
    # The norms are counted on top.
    assert 569e6 < counted['flops'] + classifier < 1.05 * 569e6


def test_stages_halve_the_image():
    backbone = build(out_indices=range(5)).eval()
    maps = backbone(torch.zeros(1, 3, 64, 64))
    assert [tuple(m.shape[1:]) for m in maps] == [
        (64, 32, 32), (128, 16, 16), (256, 8, 8), (512, 4, 4), (1024, 2, 2),
    ]  # fmt: skip
