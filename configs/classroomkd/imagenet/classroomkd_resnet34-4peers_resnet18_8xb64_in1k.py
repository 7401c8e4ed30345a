# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# ResNet18 learns from ResNet34 and four peers. One of them is of timm (pip install
# timm); model.mentors.mobilenetv3-large-minimal=None leaves it out.
_base_ = [
    'mmpretrain::_base_/datasets/imagenet_bs64.py',
    '../../_base_/schedules/imagenet_sgd_100e.py',
    '../../_base_/classification_runtime.py',
    '../../_base_/classroom/logits.py',
]
model = dict(
    architecture=dict(cfg_path='mmpretrain::resnet/resnet18_8xb32_in1k.py'),
    mentors={
        'resnet34': dict(
            cfg_path='mmpretrain::resnet/resnet34_8xb32_in1k.py', pretrained=True
        ),
        'googlenet': dict(
            model=dict(type='torchvision.models.googlenet', weights='IMAGENET1K_V1')
        ),
        'mobilenetv2': dict(
            cfg_path='mmpretrain::mobilenet_v2/mobilenet-v2_8xb32_in1k.py',
            pretrained=True,
        ),
        'regnetx-400mf': dict(
            cfg_path='mmpretrain::regnet/regnetx-400mf_8xb128_in1k.py', pretrained=True
        ),
        'mobilenetv3-large-minimal': dict(
            model=dict(
                type='mmpretrain.TimmClassifier',
                model_name='tf_mobilenetv3_large_minimal_100.in1k',
                pretrained=True,
                # As it was trained: values from -1 to 1.
                data_preprocessor=dict(mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True),
            )
        ),
    },
    distiller=dict(mentoring=dict(tau_max=4)),
)
