# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Networks and data so small that a whole training run takes a second.

Importing this file imports MMPretrain and MMRazor; tests of the pure functions
leave it alone.
"""

import torch
from mmengine.dataset import pseudo_collate
from mmpretrain.models.backbones.base_backbone import BaseBackbone
from mmpretrain.registry import MODELS as MMPRETRAIN_MODELS
from mmpretrain.structures import DataSample
from mmrazor.registry import MODELS
from torch import nn
from torch.utils.data import DataLoader, Dataset

import classroomkd_mm.engine
import classroomkd_mm.models  # noqa: F401

NUM_CLASSES = 4
IMAGE_SIZE = 12
STUDENT_NORM = dict(mean=[120.0, 110.0, 100.0], std=[60.0, 50.0, 40.0], to_rgb=True)


@MMPRETRAIN_MODELS.register_module(force=True)
class TinyBackbone(BaseBackbone):
    """A convolution, a norm, an in-place ReLU and dropout."""

    def __init__(self, channels=4, dropout=0.0, norm_eval=False, init_cfg=None):
        super().__init__(init_cfg)
        self.norm_eval = norm_eval
        self.conv = nn.Conv2d(3, channels, 3, stride=2)
        self.norm = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.dropout = nn.Dropout(dropout)

    def train(self, mode=True):
        super().train(mode)
        if self.norm_eval:
            self.norm.eval()
        return self

    def forward(self, x):
        return (self.dropout(self.relu(self.norm(self.conv(x)))),)


def net(channels=4, num_classes=NUM_CLASSES, norm=None, backbone=None, **head):
    """Config of a classifier."""
    return dict(
        type='mmpretrain.ImageClassifier',
        data_preprocessor=dict(num_classes=num_classes, **(norm or STUDENT_NORM)),
        backbone=dict(type='TinyBackbone', channels=channels, **(backbone or {})),
        neck=dict(type='GlobalAveragePooling'),
        head=dict(
            type='LinearClsHead',
            num_classes=num_classes,
            in_channels=channels,
            **head,
        ),
    )


def mentor(channels=6, **options):
    """Config of a mentor with random weights, on purpose; tests change them later."""
    return dict(model=net(channels, **options), ckpt=None)


def classroom_config(mentors=None, **options):
    """Config of a whole classroom, whose mentors run bit for bit as they were built."""
    return dict(
        type='mmrazor.ClassroomDistill',
        architecture=options.pop('architecture', None) or net(),
        mentors=mentors or dict(a=mentor(6), b=mentor(8)),
        **dict(fast_mentors=False) | options,
    )


def build_classroom(mentors=None, seed=0, **options):
    """A classroom whose networks have differing, but always the same weights."""
    torch.manual_seed(seed)
    model = MODELS.build(classroom_config(mentors, **options))
    networks = [model.student, *(mentor.network for mentor in model.mentors)]
    for network in networks:
        stir(network)
    for module in model.modules():
        module._is_init = True  # or the Runner would give the student other weights
    return model


def stir(network):
    """Give norms and biases of a new network values that matter."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
        if isinstance(module, nn.Linear):
            module.weight.data.normal_()
            if module.bias is not None:
                module.bias.data.normal_()
    return network


def batch(size=6, seed=1, num_classes=NUM_CLASSES, image_size=IMAGE_SIZE, soft=False):
    """Raw data as a data loader gives it: uint8 images in BGR, and labels."""
    generator = torch.Generator().manual_seed(seed)
    shape = (size, 3, image_size, image_size)
    images = torch.randint(256, shape, generator=generator, dtype=torch.uint8)
    labels = torch.randint(num_classes, (size,), generator=generator)
    samples = [DataSample().set_gt_label(label) for label in labels]
    if soft:
        scores = torch.rand(size, num_classes, generator=generator).softmax(1)
        samples = [DataSample().set_gt_score(score) for score in scores]
    return dict(inputs=list(images), data_samples=samples)


def prepared(model, data, training=True):
    """Inputs and samples after the student's data preprocessor."""
    data = model.data_preprocessor(data, training)
    return data['inputs'], data['data_samples']


class TinyData(Dataset):
    """Random images whose brightness tells the class."""

    metainfo = dict(classes=tuple('abcd'))

    def __init__(self, size=20, image_size=IMAGE_SIZE):
        generator = torch.Generator().manual_seed(5)
        self.labels = torch.arange(size) % NUM_CLASSES
        shape = (size, 3, image_size, image_size)
        noise = torch.randint(40, shape, generator=generator)
        self.images = (noise + 50 * self.labels[:, None, None, None]).to(torch.uint8)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        sample = DataSample().set_gt_label(self.labels[index])
        return dict(inputs=self.images[index], data_samples=sample)


def tiny_loader(size=20, batch_size=5, shuffle=False, seed=0):
    """A data loader whose order depends on the epoch and the seed only."""
    from mmengine.dataset import DefaultSampler

    data = TinyData(size)
    sampler = DefaultSampler(data, shuffle=shuffle, seed=seed)
    return DataLoader(data, batch_size, sampler=sampler, collate_fn=pseudo_collate)


def run(
    work_dir,
    model=None,
    epochs=2,
    hooks=(),
    train=True,
    loader=None,
    train_cfg=None,
    default_hooks=None,
    **options,
):
    """Train a classroom with MMEngine's Runner: 4 iterations in each epoch."""
    from mmengine.runner import Runner

    run.count += 1
    model = build_classroom() if model is None else model
    runner = Runner(
        model,
        str(work_dir),
        train_dataloader=loader or tiny_loader(shuffle=True),
        train_cfg=train_cfg or dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(
            type='OptimWrapper',
            optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=1e-4),
        ),
        default_scope='mmpretrain',
        default_hooks={
            'logger': dict(type='LoggerHook', interval=2),
            **(default_hooks or {}),
        },
        custom_hooks=list(hooks),
        experiment_name=f'tiny_{run.count}',
        **options,
    )
    if train:
        runner.train()
    return runner


run.count = 0
