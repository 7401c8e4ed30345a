# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The table of wrong configs: what is changed, what must be said, what to do.

A name in capitals, such as 'POSE MENTOR', stands for a config that is good elsewhere.
"""

from typing import Any, NamedTuple

WHOLE = '_delete_'  # replace a section of the config instead of merging into it


class Case(NamedTuple):
    """What is changed in a good config, and what has to be said of it.

    Attributes:
        change: As for ``--cfg-options``; FOLDER stands for a folder with weights.
        error: Type of the exception.
        words: What its message must have.
        remedy: What to do, for the page.
    """

    change: dict[str, Any]
    error: type[Exception]
    words: tuple[str, ...]
    remedy: str


def case(error: type[Exception], change: dict, remedy: str, *words: str) -> Case:
    """Write a case in the order in which it is read."""
    return Case(change, error, words, remedy)


B = 'model.mentors.b'
D = 'model.distiller'
LOSSES, MAPPINGS = f'{D}.distill_losses', f'{D}.loss_forward_mappings'
OURS = dict(recorder='logits', from_student=True)
THEIRS = dict(recorder='logits', from_student=False, mentor='a')
CIFAR = 'mmpretrain::resnet/resnet18_8xb16_cifar10.py'


def replaced(cfg: dict) -> dict:
    """A section that takes the place of the one in the good config."""
    return {WHOLE: True, **cfg}


def network(**options: Any) -> dict:
    """A mentor with another network, and random weights."""
    return replaced(dict(model=options, ckpt=None))


def kl(**mapping: dict) -> dict:
    """MMRazor's KLDivergence, with a mapping."""
    return {
        f'{LOSSES}.loss_kl': dict(type='KLDivergence'),
        f'{MAPPINGS}.loss_kl': mapping,
    }


def recorded(owner: str, source: str, kind: str = 'ModuleOutputs') -> dict:
    """A recorder of the student or of mentor b."""
    place = 'student_recorders' if owner == 'student' else f'mentor_recorders.{owner}'
    return {f'{D}.{place}.feature': dict(type=kind, source=source)}


def cache(**options: Any) -> dict:
    """A mentor cache."""
    return {'model.mentor_cache': dict(path='FOLDER/cache', num_views=2) | options}


SECTIONS = {
    'Mentors': [
        case(
            ValueError,
            {'model.mentors': replaced({})},
            'Add a mentor.',
            'no mentors',
            'add one to `mentors`',
        ),
        case(
            ValueError,
            {'model.mentors.a': None, B: None},
            'Keep at least one mentor.',
            'no mentors',
        ),
        case(
            TypeError,
            {'model.mentors': ['resnet50.pth']},
            'Give each mentor a name.',
            'mentors must be a dict',
            'list',
        ),
        case(
            TypeError,
            {B: 'resnet50.pth'},
            'Write a dict with the network and the weights.',
            "Mentor 'b' must be a dict",
            "'resnet50.pth'",
        ),
        case(
            ValueError,
            {B: replaced(dict(ckpt='b.pth'))},
            'Add the network.',
            "Mentor 'b' needs either",
            'neither',
        ),
        case(
            ValueError,
            {f'{B}.cfg_path': CIFAR},
            'Remove one of them.',
            "Mentor 'b' needs either",
            'both',
        ),
        case(
            TypeError,
            {f'{B}.ckp': 'b.pth'},
            'Correct the name of the option.',
            "Mentor 'b' has no option 'ckp'",
            "Did you mean 'ckpt'?",
        ),
        case(
            TypeError,
            {f'{B}.checkpoint': 'b.pth'},
            'Use `ckpt`.',
            "Mentor 'b' has no option 'checkpoint'",
            'ckpt',
        ),
        case(
            ValueError,
            {f'{B}.keypoint_map': [0]},
            'Use `class_map`.',
            "Mentor 'b': keypoint_map",
            "'pose'",
            'class_map',
        ),
        case(
            FileNotFoundError,
            {B: replaced(dict(cfg_path='resnet.py', ckpt=None))},
            'Correct the path.',
            "Mentor 'b'",
            'resnet.py',
            'cfg_path',
        ),
        case(
            ImportError,
            {B: replaced(dict(cfg_path='mmpretrian::resnet/x.py', ckpt=None))},
            'Correct the name of the package; nothing is installed for it.',
            "Mentor 'b'",
            "'mmpretrian'",
            "Did you mean 'mmpretrain'?",
        ),
        case(
            FileNotFoundError,
            {B: replaced(dict(cfg_path=CIFAR.replace('b16', 'b61'), ckpt=None))},
            'Correct the name of the config.',
            "Mentor 'b'",
            'resnet18_8xb61_cifar10.py',
            'resnet18_8xb16_cifar10.py',
        ),
        case(
            KeyError,
            {f'{B}.model.type': 'mmpretrain.ImageClasifier'},
            'Correct the type.',
            "Mentor 'b'",
            'ImageClasifier',
            "Did you mean 'ImageClassifier'",
        ),
        case(
            KeyError,
            {f'{B}.model.backbone.type': 'ResNett'},
            'Correct the type.',
            "Mentor 'b'",
            'ResNett',
            "Did you mean 'ResNet'",
        ),
        case(
            TypeError,
            {f'{B}.model.backbone.depth': 18},
            'Use options that the backbone has.',
            "Mentor 'b'",
            "TinyBackbone has no option 'depth'",
            'channels',
        ),
        case(
            TypeError,
            {B: replaced(dict(model=dict(depth=18), ckpt=None))},
            'Add the type.',
            "Mentor 'b'",
            '`type`',
        ),
        case(
            KeyError,
            {B: network(type='torchvision.models.resnet81')},
            'Correct the name.',
            "Mentor 'b'",
            'resnet81',
            "Did you mean 'resnet18'",
        ),
        case(
            ValueError,
            {f'{B}.model.head.num_classes': 7},
            'Use a mentor for the same classes, or set `class_map`.',
            "Mentor 'b' has 7 classes",
            'student has 4',
            'class_map',
        ),
        case(
            ValueError,
            {f'{B}.class_map': [0, 1, 2]},
            'Give an index for each class of the student.',
            "Mentor 'b': class_map has 3 entries",
            'needs 4',
        ),
        case(
            ValueError,
            {f'{B}.class_map': [0, 1, 2, 4]},
            'Use indices of classes that the mentor has.',
            "Mentor 'b': class_map contains [4]",
            '0 to 3',
        ),
        case(
            TypeError,
            {f'{B}.class_map': 'abcd'},
            'Give a list of indices.',
            "Mentor 'b': class_map must be a list",
        ),
        case(
            ValueError,
            {f'{B}.likelihood': 'sigmoids'},
            'Correct the value.',
            "Mentor 'b': likelihood='sigmoids'",
            "'sigmoid'",
        ),
        case(
            ValueError,
            {f'{B}.input_size': '32'},
            'Give a number of pixels.',
            "Mentor 'b': input_size must be a positive int",
            "'32'",
        ),
        case(
            ValueError,
            {
                B: network(
                    type='torchvision.models.VisionTransformer',
                    image_size=32,
                    patch_size=16,
                    num_layers=1,
                    num_heads=2,
                    hidden_dim=16,
                    mlp_dim=16,
                    num_classes=4,
                ),
                f'{B}.input_size': 48,
            },
            'Set `input_size` to what the network was built for.',
            "Mentor 'b'",
            '48 x 48',
            'set input_size=32',
        ),
        case(
            ValueError,
            {f'{B}.model.data_preprocessor': replaced({})},
            'Add mean and std of the mentor.',
            "Mentor 'b' has no mean and std",
            'data_preprocessor=dict(mean=',
        ),
        case(
            TypeError,
            {f'{B}.data_preprocessor': dict(means=[0, 0, 0])},
            'Correct the name of the option.',
            "Mentor 'b'",
            "ClsDataPreprocessor has no option 'means'. Did you mean 'mean'?",
        ),
        case(
            ValueError,
            {f'{B}.dtype': 'float8'},
            'Use one of the named types.',
            "Mentor 'b': dtype must be one of bfloat16, float16",
            "'float8'",
        ),
        case(
            TypeError,
            {f'{B}.fast': 'yes'},
            'Write True or False.',
            "Mentor 'b': fast must be True or False",
            "'yes'",
        ),
        case(
            ValueError,
            {f'{B}.compile': True, **recorded('b', 'backbone')},
            'Remove one of them.',
            "Mentor 'b': compile=True",
            'mentor_recorders',
        ),
        case(
            ValueError,
            {f'{B}.dtype': 'bfloat16', **recorded('b', 'backbone')},
            'Remove one of them.',
            "Mentor 'b': with dtype='bfloat16'",
            'mentor_recorders',
        ),
        case(
            ValueError,
            {f'{B}.offload': 'disk'},
            "Write 'cpu', or leave it out.",
            "Mentor 'b': offload must be 'cpu'",
            "'disk'",
        ),
        case(
            ValueError,
            {f'{B}.every': 0},
            'Give 1 or more.',
            "Mentor 'b': every=0",
        ),
        case(
            ValueError,
            {'model.mentors.a.every': 2, **kl(preds_S=OURS, preds_T=THEIRS)},
            'Leave out `every`, or the mapping.',
            "Mentor 'a'",
            "'loss_kl'",
            'every',
        ),
        case(
            ValueError,
            {B: 'POSE MENTOR'},
            'Use a classifier.',
            "Mentor 'b'",
            "'pose'",
            "'classification'",
        ),
    ],
    'Weights of mentors': [
        case(
            ValueError,
            {B: replaced(dict(cfg_path=CIFAR))},
            'Add `ckpt` or `pretrained=True`.',
            "Mentor 'b' has no weights",
            'ckpt=',
            'pretrained=True',
        ),
        case(
            ValueError,
            {f'{B}.ckpt': 'b.pth', f'{B}.pretrained': True},
            'Remove one of them.',
            "Mentor 'b' has `ckpt` and `pretrained`",
        ),
        case(
            ValueError,
            {B: replaced(dict(cfg_path='net.py', pretrained=True))},
            'Give the checkpoint with `ckpt`.',
            "Mentor 'b'",
            'package::path',
            'ckpt',
        ),
        case(
            TypeError,
            {f'{B}.ckpt': ['runs/lr0.1', 'b.pth']},
            'Quote a value with a comma on the command line.',
            "Mentor 'b': ckpt must be a path",
            'comma',
        ),
        case(
            FileNotFoundError,
            {f'{B}.ckpt': 'FOLDER/sx.pth'},
            'Correct the path.',
            "Mentor 'b'",
            'sx.pth',
            "Did you mean 'FOLDER/six.pth'?",
        ),
        case(
            ValueError,
            {f'{B}.ckpt': 'FOLDER/broken.pth'},
            'Get the file again.',
            "Mentor 'b'",
            'FOLDER/broken.pth',
            'Get the file again',
        ),
        case(
            ValueError,
            {f'{B}.ckpt': 'FOLDER/other.pth'},
            'Use the checkpoint of this network.',
            "Mentor 'b'",
            'FOLDER/other.pth',
            'backbone.conv.weight',
        ),
        case(
            ValueError,
            {f'{B}.ckpt': 'FOLDER/two.pth'},
            'Choose one with `ckpt_key`.',
            "Mentor 'b'",
            'ckpt_key',
            'ema',
            'last',
        ),
        case(
            ValueError,
            {f'{B}.ckpt': 'FOLDER/two.pth', f'{B}.ckpt_key': 'emma'},
            'Correct the key.',
            "Mentor 'b'",
            "'emma'",
            "'ema'",
        ),
        case(
            ValueError,
            {f'{B}.ckpt_key': 'ema'},
            'Add `ckpt`.',
            "Mentor 'b': ckpt_key requires `ckpt`",
        ),
        case(
            ValueError,
            {f'{B}.ckpt': 'FOLDER/eight.pth', f'{B}.sha256': 'abcdef12'},
            'Give all 64 digits.',
            "Mentor 'b'",
            'sha256',
            '64',
        ),
        case(
            ValueError,
            {f'{B}.ckpt': 'FOLDER/eight.pth', f'{B}.sha256': 'ab' * 32},
            'Find out why the file is another one.',
            "Mentor 'b'",
            'eight.pth',
            'is expected',
        ),
        case(
            ValueError,
            {f'{B}.ckpt': 'http://example.org/b.pth'},
            'Use https, or set `allow_http=True` and `sha256`.',
            "Mentor 'b'",
            'https',
            'allow_http=True',
        ),
        case(
            ValueError,
            {f'{B}.ckpt': 's3://bucket/b.pth'},
            'Download the file, and give its path.',
            "Mentor 'b'",
            's3://bucket/b.pth',
        ),
        case(
            ValueError,
            {
                B: replaced(
                    dict(
                        model=dict(
                            type='torchvision.models.resnet18', weights='IMAGENET1K'
                        )
                    )
                )
            },
            'Use the name of weights that torchvision has.',
            "Mentor 'b'",
            "'IMAGENET1K'",
            "Did you mean 'IMAGENET1K_V1'?",
        ),
    ],
    'The student': [
        case(
            TypeError,
            {'model.mentor': {}},
            'Correct the name of the option.',
            "ClassroomDistill has no option 'mentor'",
            "Did you mean 'mentors'?",
        ),
        case(
            TypeError,
            {'model.teacher': {}},
            'Describe the teacher as a mentor.',
            "no option 'teacher'",
            'mentors=dict(teacher=',
            'docs/from_mmrazor.md',
        ),
        case(
            TypeError,
            {'model.train_cgf': {}},
            'Correct the name of the option.',
            "no option 'train_cgf'",
            "Did you mean 'train_cfg'?",
        ),
        case(
            ValueError,
            {'model.task': 'clasification'},
            'Correct the name of the task.',
            "task='clasification'",
            "'classification'",
        ),
        case(
            TypeError,
            {'model.architecture': replaced(dict(backbone={}))},
            'Add the type, or `cfg_path`.',
            '`type`',
            '`cfg_path`',
        ),
        case(
            FileNotFoundError,
            {'model.architecture': replaced(dict(cfg_path='net.py'))},
            'Correct the path.',
            'net.py',
        ),
        case(
            KeyError,
            {'model.architecture.backbone.type': 'TinyBakbone'},
            'Correct the type.',
            'TinyBakbone',
            "Did you mean 'TinyBackbone'?",
        ),
        case(
            ValueError,
            {'model.architecture.data_preprocessor': replaced({})},
            'Add mean and std of the student.',
            'The student has no mean and std',
            "mentor 'a'",
        ),
        case(
            ValueError,
            {'model.architecture.head.num_classes': 1},
            'Set `use_sigmoid=True` or `num_classes=2`.',
            'The student',
            'always 1',
            'num_classes=2',
        ),
        case(
            ValueError,
            {
                'model.architecture.head': replaced(
                    dict(
                        type='MultiLabelLinearClsHead',
                        num_classes=4,
                        in_channels=4,
                        loss=dict(type='CrossEntropyLoss'),
                    )
                )
            },
            'Set `use_sigmoid=True` in `head.loss`.',
            'The student',
            'MultiLabelLinearClsHead',
            'use_sigmoid=True',
        ),
        case(
            ValueError,
            {
                'model.architecture.head': replaced(
                    dict(type='MultiLabelLinearClsHead', num_classes=4, in_channels=4)
                ),
                f'{D}.distill_losses.loss_classroom': dict(
                    type='LessonLoss', per='batch', loss=dict(type='DISTLoss')
                ),
            },
            'Teach with ClassroomKDLoss.',
            'DISTLoss compares softmaxes',
            'ClassroomKDLoss',
        ),
        case(
            ValueError,
            {
                f'{D}.mentoring': dict(type='Mentoring', mentoring='gap'),
                f'{LOSSES}.loss_classroom': dict(
                    type='LessonLoss', per='batch', loss=dict(type='DISTLoss')
                ),
            },
            "Give it a temperature of its own: `loss=dict(type='DISTLoss', tau=4)`.",
            'DISTLoss is more than 4 times as large',
            'tau=4',
            'mentoring=4.0',
        ),
        case(
            ValueError,
            {
                'model.architecture.head': replaced(
                    dict(type='MultiLabelLinearClsHead', num_classes=4, in_channels=4)
                ),
                **kl(preds_S=OURS, preds_T=THEIRS),
            },
            'Teach with ClassroomKDLoss.',
            "'loss_kl' (KLDivergence) compares softmaxes",
            'ClassroomKDLoss',
        ),
        case(
            ValueError,
            {
                'model.architecture.head': replaced(
                    dict(
                        type='MIMHead',
                        loss=dict(type='PixelReconstructionLoss', criterion='L1'),
                    )
                )
            },
            'Use a head that predicts classes.',
            'The student',
            'MIMHead',
            'ClsHead',
        ),
    ],
    'The distiller': [
        case(
            KeyError,
            {f'{D}.type': 'ClasroomDistiller'},
            'Correct the type.',
            'ClasroomDistiller',
            "Did you mean 'ClassroomDistiller'?",
        ),
        case(
            TypeError,
            {f'{D}.scorers': {}},
            'Correct the name of the option.',
            "has no option 'scorers'",
            "Did you mean 'scorer'?",
        ),
        case(
            KeyError,
            {f'{D}.scorer.type': 'ClasificationScorer'},
            'Correct the type.',
            'distiller.scorer',
            'ClasificationScorer',
            "Did you mean 'ClassificationScorer'?",
        ),
        case(
            TypeError,
            {f'{D}.scorer': 'ClassificationScorer'},
            'Write dict(type=…), or leave it out.',
            'distiller.scorer must be a dict',
        ),
        case(
            TypeError,
            {f'{D}.scorer.level': 'batch'},
            'Set `level` in `knowledge_filter`.',
            'distiller.scorer (ClassificationScorer)',
            "'level'",
        ),
        case(
            ValueError,
            {f'{D}.scorer.type': 'HeatmapScorer'},
            'Leave the scorer out.',
            'HeatmapScorer',
            "'pose'",
            "'classification'",
        ),
        case(
            TypeError,
            {f'{D}.knowledge_filter.levels': 'batch'},
            'Correct the name of the option.',
            'distiller.knowledge_filter (KnowledgeFilter)',
            "'levels'",
            "Did you mean 'level'?",
        ),
        case(
            ValueError,
            {f'{D}.knowledge_filter.level': 'epoch'},
            'Use one of the named values.',
            "level='epoch'",
            "'sample', 'batch'",
        ),
        case(
            ValueError,
            {f'{D}.knowledge_filter.rank_decimals': -1},
            'Give a number of decimals, or None.',
            'rank_decimals=-1',
        ),
        case(
            TypeError,
            {f'{D}.knowledge_filter': dict(enabled=True, filtering=True)},
            'Remove `enabled`, the old name of the option.',
            'KnowledgeFilter',
            '`enabled` is the old name of `filtering`',
        ),
        case(
            TypeError,
            {f'{D}.mentoring.taumax': 4},
            'Correct the name of the option.',
            'distiller.mentoring (Mentoring)',
            "'taumax'",
            "Did you mean 'tau_max'?",
        ),
        case(
            ValueError,
            {f'{D}.mentoring.tau_max': -1},
            'Give 0 or more.',
            'tau_max=-1',
        ),
        case(
            ValueError,
            {f'{D}.mentoring.mentoring': 'soft'},
            'Use one of the named values, or a number.',
            "mentoring='soft'",
            "'gap', 'off', 'dtkd'",
        ),
        case(
            TypeError,
            {f'{D}.mentoring': 4.0},
            'Write dict(mentoring=4.0).',
            'distiller.mentoring must be a dict',
            '4.0',
        ),
        case(
            ValueError,
            {f'{D}.task_weight': 'student'},
            'Use one of the named values.',
            "task_weight='student'",
            "'student_score', 'constant'",
        ),
        case(
            ValueError,
            {f'{D}.output': ['fc']},
            'Name a recorder of `student_recorders`.',
            "output='fc'",
            "'logits'",
        ),
    ],
    'Losses': [
        case(
            ValueError,
            {f'{LOSSES}.kd': dict(type='ClassroomKDLoss')},
            'Choose a name with "loss".',
            "'kd'",
            'must contain "loss"',
        ),
        case(
            KeyError,
            {f'{LOSSES}.loss_kl': dict(type='KLDivergance')},
            'Correct the type.',
            "Loss 'loss_kl'",
            'KLDivergance',
            "Did you mean 'KLDivergence'?",
        ),
        case(
            TypeError,
            {f'{LOSSES}.loss_classroom': dict(weight=2)},
            'Use `loss_weight`.',
            "Loss 'loss_classroom' (ClassroomKDLoss) has no option 'weight'",
            'loss_weight',
        ),
        case(
            ValueError,
            {f'{LOSSES}.loss_classroom': dict(loss_weight=-1)},
            'Give 0 or more.',
            'loss_weight=-1',
        ),
        case(
            TypeError,
            {f'{LOSSES}.loss_kl': dict(type='KLDivergence')},
            'Add the mapping.',
            "'loss_kl' (KLDivergence)",
            'has no preds_S, preds_T',
            'mentor=<name>',
        ),
        case(
            TypeError,
            kl(preds_S=OURS, preds_T=THEIRS, labels=OURS),
            'Map only arguments that the loss has.',
            "'loss_kl'",
            'gives the unknown labels',
        ),
        case(
            TypeError,
            {f'{MAPPINGS}.loss_classroom': dict(preds_S=OURS)},
            'Remove the mapping.',
            "'loss_classroom'",
            'MentorLoss',
            'remove loss_forward_mappings',
        ),
        case(
            KeyError,
            {f'{MAPPINGS}.loss_clasroom': {}},
            'Correct the name of the loss.',
            "no loss 'loss_clasroom'",
            'loss_classroom',
        ),
        case(
            KeyError,
            kl(preds_S=OURS, preds_T=dict(THEIRS, mentor='x')),
            'Name a mentor of the classroom.',
            "loss_kl.preds_T: mentor='x'",
            'a, b',
        ),
        case(
            KeyError,
            kl(preds_S=dict(OURS, recorder='logit'), preds_T=THEIRS),
            'Name a recorder of the student.',
            "loss_kl.preds_S: the recorder 'logit'",
            'logits',
        ),
        case(
            KeyError,
            kl(preds_S=dict(OURS, connector='c'), preds_T=THEIRS),
            'Add the connector, or remove its name.',
            "loss_kl.preds_S: the connector 'c'",
        ),
        case(
            TypeError,
            kl(preds_S=dict(recorder='logits'), preds_T=THEIRS),
            'Add `from_student`.',
            'loss_kl.preds_S needs recorder and from_student',
        ),
        case(
            ValueError,
            kl(preds_S=THEIRS, preds_T=THEIRS),
            'Take one argument from the student.',
            "'loss_kl'",
            'takes nothing from the student',
        ),
        case(
            ValueError,
            {'model.student_trainable': False},
            'Add the connector that this stage is to train.',
            'student_trainable=False',
            'nothing is trained',
        ),
        case(
            ValueError,
            kl(preds_S=OURS, preds_T=THEIRS) | {f'{LOSSES}.loss_kl.reduction': 'none'},
            'Use a reduction that gives one number.',
            "'loss_kl'",
            'single number',
            'reduction',
        ),
        case(
            ValueError,
            {
                f'{LOSSES}.loss_l2': dict(type='L2Loss'),
                f'{MAPPINGS}.loss_l2': dict(
                    s_feature=dict(recorder='feature', from_student=True),
                    t_feature=dict(recorder='deep', from_student=False, mentor='b'),
                ),
                **recorded('student', 'backbone.conv'),
                f'{D}.mentor_recorders.b.deep': dict(
                    type='ModuleOutputs', source='backbone.conv'
                ),
            },
            'Add a connector that makes the shapes equal.',
            "'loss_l2' (L2Loss)",
            "mentor 'b'",
            'cannot be computed',
        ),
        case(
            KeyError,
            {f'{D}.connectors.c': dict(type='ConvModuleConector')},
            'Correct the type.',
            'ConvModuleConector',
            "Did you mean 'ConvModuleConnector'?",
        ),
    ],
    'Recorders': [
        case(
            ValueError,
            recorded('student', 'head.fcc'),
            'Correct the source.',
            "'feature'",
            "'head.fcc'",
            'the student',
            'Similar: head.fc',
        ),
        case(
            ValueError,
            recorded('student', 'head.fc.weights', 'Parameter'),
            'Correct the source.',
            "'head.fc.weights'",
            'Similar: head.fc.weight',
        ),
        case(
            ValueError,
            recorded('b', 'backbone.convv'),
            'Correct the source.',
            "'feature'",
            "mentor 'b'",
            'Similar: backbone.conv',
        ),
        case(
            KeyError,
            recorded('c', 'backbone'),
            'Name a mentor of the classroom.',
            "no mentor 'c'",
            'a, b',
        ),
        case(
            KeyError,
            recorded('student', 'backbone', 'ModuleOutput'),
            'Correct the type.',
            'ModuleOutput',
            "Did you mean 'ModuleOutputs'?",
        ),
    ],
    'Mentor cache and seeded views': [
        case(
            TypeError,
            {'model.mentor_cache': 'FOLDER/cache'},
            'Write dict(path=…, num_views=…).',
            'mentor_cache must be a dict',
        ),
        case(
            TypeError,
            {'model.mentor_cache': dict(path='FOLDER/cache')},
            'Add the option.',
            'mentor_cache has no num_views',
            'num_views=4',
        ),
        case(
            TypeError,
            cache(num_view=2),
            'Correct the name of the option.',
            "mentor_cache has no option 'num_view'",
            "Did you mean 'num_views'?",
        ),
        case(
            ValueError,
            cache(num_views=0),
            'Give 1 or more.',
            'mentor_cache: num_views=0',
        ),
        case(
            ValueError,
            cache(seed=-1),
            'Give 0 or more.',
            'mentor_cache: seed=-1',
        ),
        case(
            ValueError,
            cache(dtype='bfloat16'),
            'Use one of the named values.',
            "mentor_cache.dtype='bfloat16'",
            "'float16', 'float32'",
        ),
        case(
            ValueError,
            cache(topk=0),
            'Give 1 or more, or None.',
            'mentor_cache: topk=0',
        ),
        case(
            ValueError,
            cache(path='FOLDER/six.pth'),
            'Give a folder.',
            'FOLDER/six.pth',
            'is a file',
        ),
        case(
            ValueError,
            cache()
            | {
                'model.architecture.train_cfg': dict(
                    augments=[dict(type='Mixup', alpha=0.8)]
                )
            },
            'Remove one of them.',
            'mentor_cache cannot be used with Mixup',
        ),
        case(
            ValueError,
            {
                'train_dataloader.dataset': replaced(
                    dict(
                        type='SeededViews',
                        num_views=0,
                        dataset=dict(type='tiny_classroom.TinyData'),
                    )
                )
            },
            'Give 1 or more.',
            'SeededViews: num_views=0',
        ),
        case(
            TypeError,
            {'train_dataloader.sampler': replaced(dict(type='SeededViewSampler'))},
            'Wrap the dataset in SeededViews.',
            'SeededViewSampler needs the data set SeededViews',
            'TinyData',
        ),
        case(
            ValueError,
            cache()
            | {
                'train_dataloader.dataset': replaced(
                    dict(
                        type='SeededViews',
                        num_views=3,
                        dataset=dict(type='tiny_classroom.TinyData'),
                    )
                )
            },
            'Make them the same.',
            'mentor_cache has num_views=2',
            'SeededViews',
            'num_views=3',
        ),
        case(
            ValueError,
            cache() | {'val_cfg.type': 'mmrazor.ClassroomValLoop'},
            "Use MMEngine's loop, or the doctor.",
            'ClassroomValLoop cannot run mentors of a mentor_cache',
        ),
    ],
    'Hooks and loops': [
        case(
            ValueError,
            {'custom_hooks': [dict(type='mmrazor.ClassroomHook', interval=0)]},
            'Give 1 or more.',
            'ClassroomHook: interval=0',
        ),
        case(
            TypeError,
            {'custom_hooks': [dict(type='mmrazor.ClassroomHook', intervall=5)]},
            'Correct the name of the option.',
            "ClassroomHook has no option 'intervall'",
            "Did you mean 'interval'?",
        ),
        case(
            TypeError,
            {
                'custom_hooks': [
                    dict(type='mmrazor.ClassroomHook', allow_other_mentors=True)
                ]
            },
            'Set it in MentorManifestHook.',
            'ClassroomHook',
            'MentorManifestHook',
        ),
        case(
            ValueError,
            {'custom_hooks': [dict(type='mmrazor.MentorCheckHook', num_samples=0)]},
            'Give 2 or more.',
            'MentorCheckHook: num_samples=0',
        ),
        case(
            TypeError,
            {'model': 'STUDENT ALONE'},
            'Remove the hook, or train a classroom.',
            'ClassroomHook needs a model of type ClassroomDistill',
            'ImageClassifier',
        ),
        case(
            ValueError,
            {
                'custom_hooks': [
                    dict(type='mmrazor.ClassroomHook'),
                    dict(type='mmrazor.StopDistillHook', stop_epoch=2),
                ],
                'train_cfg': replaced(dict(by_epoch=False, max_iters=4)),
            },
            'Train by epochs, or remove the hook.',
            'StopDistillHook(stop_epoch=2)',
            'by_epoch=True',
        ),
        case(
            NotImplementedError,
            {'val_cfg.type': 'mmrazor.SingleTeacherDistillValLoop'},
            'Use ClassroomValLoop.',
            'mmrazor.ClassroomValLoop',
        ),
        case(
            TypeError,
            {
                'model': 'STUDENT ALONE',
                'custom_hooks': [],
                'val_cfg.type': 'mmrazor.ClassroomValLoop',
            },
            "Use MMEngine's ValLoop.",
            'ClassroomValLoop needs a model of type ClassroomDistill',
        ),
        case(
            ValueError,
            {'train_dataloader.drop_last': True, 'train_dataloader.batch_size': 64},
            'Set a smaller batch_size.',
            'train_dataloader gives no batch',
            '20 samples',
            'batch_size=64',
        ),
    ],
}

P = 'model.mentors.b.model.head'
SCORER = 'model.distiller.scorer'
POSE = [
    case(
        ValueError,
        {f'{P}.out_channels': 133},
        'Use a mentor for the same keypoints, or set `keypoint_map`.',
        "Mentor 'b' gives 133 keypoints",
        '17',
        'keypoint_map',
    ),
    case(
        ValueError,
        {f'{B}.keypoint_map': [0, 1]},
        'Give an index, or None, for each keypoint of the student.',
        "Mentor 'b': keypoint_map has 2 entries",
        'needs 17',
    ),
    case(
        ValueError,
        {f'{B}.keypoint_map': [None] * 17},
        'Name a keypoint that the mentor has.',
        "Mentor 'b': keypoint_map",
        'at least one keypoint',
    ),
    case(
        ValueError,
        {f'{B}.keypoint_map': [*range(16), 17]},
        'Use indices of keypoints that the mentor has.',
        "Mentor 'b': keypoint_map contains [17]",
        '0 to 16',
    ),
    case(
        TypeError,
        {f'{B}.keypoints_map': [0]},
        'Correct the name of the option.',
        "Mentor 'b' has no option 'keypoints_map'",
        "Did you mean 'keypoint_map'?",
    ),
    case(
        ValueError,
        {f'{B}.class_map': [0]},
        'Use `keypoint_map`.',
        "Mentor 'b': class_map",
        "'classification'",
        'keypoint_map',
    ),
    case(
        ValueError,
        {P: replaced(dict(type='RegressionHead', in_channels=32, num_joints=17))},
        'Use a mentor with heatmaps.',
        "Mentor 'b'",
        'RegressionHead',
        'neither heatmaps',
        'HeatmapHead',
    ),
    case(
        ValueError,
        {P: 'SIMCC HEAD'},
        'Use a mentor with heatmaps, or a student with a SimCC head.',
        "Mentor 'b'",
        'SimCC vectors',
        'student with a SimCC head',
    ),
    case(
        ValueError,
        {f'{P}.decoder': None},
        'Add the codec of the mentor.',
        "Mentor 'b'",
        'no `decoder`',
    ),
    case(
        ValueError,
        {f'{B}.input_size': [100, 50]},
        'Leave it out: the codec has the size.',
        "Mentor 'b'",
        'input_size',
        '(96, 64)',
    ),
    case(
        ValueError,
        {B: 'CLASSIFIER'},
        'Use a pose model.',
        "Mentor 'b'",
        "'classification'",
        "'pose'",
    ),
    case(
        ValueError,
        {SCORER: dict(type='SimCCScorer')},
        'Use HeatmapScorer, or leave it out.',
        'SimCCScorer scores SimCC vectors',
        'HeatmapScorer',
    ),
    case(
        ValueError,
        {
            'model.architecture.head.out_channels': 16,
            B: None,
            'model.mentors.a.model.head.out_channels': 16,
        },
        'Set `sigmas` to the dataset.',
        '17 sigmas',
        '16 keypoints',
        "'mpii'",
    ),
    case(
        ValueError,
        {f'{SCORER}.sigmas': 'cocoa'},
        'Name a dataset that MMPose has.',
        "sigmas='cocoa'",
        "'coco'",
    ),
    case(
        TypeError,
        {f'{SCORER}.sigmas': [0.1, 0]},
        'Give positive numbers.',
        'sigmas must be positive numbers',
    ),
    case(
        ValueError,
        {f'{SCORER}.score': 'OKS'},
        'Use one of the named values.',
        "score='OKS'",
        "'oks'",
    ),
    case(
        ValueError,
        {f'{LOSSES}.loss_heatmap.sharpness': 0},
        'Give a number above 0.',
        'sharpness=0',
    ),
]
SECTIONS['Pose'] = POSE
CASES = [(title, case) for title, cases in SECTIONS.items() for case in cases]
