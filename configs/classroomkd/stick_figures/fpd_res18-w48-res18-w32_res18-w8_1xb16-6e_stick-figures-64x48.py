# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# The classical distillation of pose models with the same mentors: squared error.
_base_ = './classroomkd_res18-w48-res18-w32_res18-w8_1xb16-6e_stick-figures-64x48.py'
model = dict(
    distiller=dict(
        knowledge_filter=dict(enabled=False),
        distill_losses=dict(
            _delete_=True, loss_mse=dict(type='HeatmapMSELoss', loss_weight=0.5)
        ),
    )
)
