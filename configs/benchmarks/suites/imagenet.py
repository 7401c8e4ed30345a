# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# ResNet18 learns ImageNet from ResNet34 and three peers, for 100 epochs. For GPUs.
_base_ = [
    'mmpretrain::_base_/models/resnet18.py',
    'mmpretrain::_base_/datasets/imagenet_bs64.py',
    '../../_base_/schedules/imagenet_sgd_100e.py',
    '../../_base_/classification_runtime.py',
    '../../_base_/mentors/imagenet.py',
    './_base_/classification.py',
]
val_evaluator = [
    dict(type='Accuracy', topk=(1, 5)),
    # For the share of classes that improve.
    dict(type='SingleLabelMetric', items=('recall',), average=None),
]
test_evaluator = val_evaluator
benchmark = dict(
    title='ImageNet: ResNet18 from ResNet34 and three peers, 100 epochs',
    mentors={
        name: _base_.mentors[name]
        for name in ['resnet34', 'regnetx-400mf', 'mobilenetv2', 'googlenet']
    },
    metrics={'accuracy/top5': dict(title='top 5, %')},
    seeds=(0,),
    features=dict(
        student=dict(source='backbone', index=0, channels=512),
        mentor=dict(source='backbone', index=0, channels=512, classifier='head.fc'),
    ),
    needs={
        f'data/imagenet/{split}': 'put ImageNet into data/imagenet, or a link to it, '
        'as MMPretrain describes it.'
        for split in ['train', 'val']
    },
    literature="""
ResNet18 from ResNet34, top 1: alone 69.75, KD 70.66, DKD 71.70 (arXiv 2203.08679).
""",
)
