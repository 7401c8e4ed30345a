# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Networks with published weights as mentors on ImageNet.
mentors = {
    'resnet34': dict(
        cfg_path='mmpretrain::resnet/resnet34_8xb32_in1k.py', pretrained=True
    ),
    'resnet50': dict(
        cfg_path='mmpretrain::resnet/resnet50_8xb32_in1k.py', pretrained=True
    ),
    'densenet169': dict(
        cfg_path='mmpretrain::densenet/densenet169_4xb256_in1k.py', pretrained=True
    ),
    'efficientnet-b3': dict(
        cfg_path='mmpretrain::efficientnet/efficientnet-b3_8xb32_in1k.py',
        pretrained=True,
        input_size=300,
    ),
    'mobilenetv2': dict(
        cfg_path='mmpretrain::mobilenet_v2/mobilenet-v2_8xb32_in1k.py', pretrained=True
    ),
    'regnetx-400mf': dict(
        cfg_path='mmpretrain::regnet/regnetx-400mf_8xb128_in1k.py', pretrained=True
    ),
    'googlenet': dict(
        model=dict(type='torchvision.models.googlenet', weights='IMAGENET1K_V1')
    ),
    'squeezenet': dict(
        model=dict(type='torchvision.models.squeezenet1_1', weights='IMAGENET1K_V1')
    ),
    'regnety-1.6gf': dict(
        model=dict(type='torchvision.models.regnet_y_1_6gf', weights='IMAGENET1K_V1')
    ),
    'regnety-32gf': dict(
        model=dict(type='torchvision.models.regnet_y_32gf', weights='IMAGENET1K_V1')
    ),
    # Needs timm: pip install timm
    'mobilenetv3-large-minimal': dict(
        model=dict(
            type='mmpretrain.TimmClassifier',
            model_name='tf_mobilenetv3_large_minimal_100.in1k',
            pretrained=True,
            # Trained on values from -1 to 1.
            data_preprocessor=dict(mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True),
        )
    ),
}
