# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The first two stages of a ResNet-18, 16 channels wide, for the 14 joints of LSP.
_base_ = ['../../../_base_/models/stick_figures/res18-w8.py', './lsp.py']
model = dict(
    backbone=dict(stem_channels=16, base_channels=16),
    head=dict(
        in_channels=32,
        out_channels=14,
        deconv_out_channels=(16, 16),
        decoder=_base_.codec,
    ),
)
