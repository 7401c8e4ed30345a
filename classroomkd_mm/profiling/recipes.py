# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The recipes that are measured."""

from typing import NamedTuple


class Classroom(NamedTuple):
    """A recipe to measure.

    Attributes:
        recipe (str): Its file name.
        mentors (tuple[str, ...]): Its mentors; the first one also teaches alone.
        task (str): 'classification' or 'pose'.
        size (tuple[int, int]): Height and width of the images, in pixels.
        batch (int): Samples of a batch.
        output (str): The module whose output MMRazor's own distiller teaches.
    """

    recipe: str
    mentors: tuple[str, ...]
    task: str
    size: tuple[int, int]
    batch: int
    output: str


CIFAR = dict(task='classification', size=(32, 32), batch=64, output='head.fc')
PEERS = ('resnet8', 'resnet14', 'shufflenetv1', 'shufflenetv2')
CLASSROOMS = dict(
    cifar100_resnet20=Classroom(
        'classroomkd_resnet56+5peers_resnet20_1xb64_cifar100.py',
        ('resnet56', *PEERS, 'mobilenetv2-half'),
        **CIFAR,
    ),
    cifar100_mobilenetv2=Classroom(
        'classroomkd_resnet50+5peers_mobilenetv2-half_1xb64_cifar100.py',
        ('resnet50', *PEERS, 'resnet20'),
        **CIFAR,
    ),
    coco_resnet18=Classroom(
        'classroomkd_hrnet-w48+hrnet-w32+res50+res152_res18_8xb64-210e_coco-256x192.py',
        ('hrnet-w32', 'res50'),
        task='pose',
        size=(256, 192),
        batch=8,
        output='head.final_layer',
    ),
)
