# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The first two stages of a ResNet-18, 32 channels wide, for the 14 joints of LSP.
_base_ = ['../../../_base_/models/stick_figures/res18-w8.py', './lsp.py']
model = dict(
    backbone=dict(stem_channels=32, base_channels=32),
    head=dict(
        in_channels=64,
        out_channels=14,
        deconv_out_channels=(32, 32),
        decoder=_base_.codec,
    ),
)
