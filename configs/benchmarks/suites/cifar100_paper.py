# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# ResNet20 learns CIFAR-100 from ResNet56 and five peers, for 240 epochs, as in the
# literature. The mentors are trained first. For a GPU.
_base_ = [
    '../../_base_/models/cifar/resnet20.py',
    '../../_base_/datasets/cifar100_bs64.py',
    '../../_base_/schedules/cifar_sgd_240e.py',
    '../../_base_/classification_runtime.py',
    './_base_/classification.py',
]
val_evaluator = [
    dict(type='Accuracy', topk=(1, 5)),
    # For the share of classes that improve.
    dict(type='SingleLabelMetric', items=('recall',), average=None),
]
test_evaluator = val_evaluator
benchmark = dict(
    title='CIFAR-100: ResNet20 from ResNet56 and five peers, 240 epochs',
    mentors={
        name: dict(pretrain=f'{name}_1xb64_cifar100.py')
        for name in [
            'resnet56', 'mobilenetv2-half', 'shufflenetv2', 'shufflenetv1',
            'resnet14', 'resnet8',
        ]
    },
    metrics={'accuracy/top5': dict(title='top 5, %')},
    seeds=(0, 1, 2),
    num_samples=50000,
    features=dict(
        student=dict(source='backbone', index=0, channels=64),
        mentor=dict(source='backbone', index=0, channels=64, classifier='head.fc'),
    ),
    literature="""
| student from teacher | KD | DKD | best published |
|---|---|---|---|
| ResNet20 from ResNet56 | 70.66 | 71.97 | 72.5 |
| WRN-16-2 from WRN-40-2 | 74.92 | 76.24 | 76.6 |
| VGG8 from VGG13 | 72.98 | 74.68 | 75.8 |

The best epoch is often reported there, so that figures after the last epoch lie lower.
""",
)  # fmt: skip
