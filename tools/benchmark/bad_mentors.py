# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Measure what a bad mentor does to the student, on digits.

Images, networks and optimizer are those of the digits recipe; the filter, the pace and
W = score are those of the paper. A fourth mentor, a copy of the best one, is spoilt in
one way after another: it gives NaN, infinities, constants, noise or shuffled classes,
on all samples or on half of them, from the start or from the middle on. The outputs of
the mentors are computed once, for all nine crops of each image, so that a run takes
seconds. Prints a table in Markdown.
"""

import argparse
import copy
import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmpretrain.structures import DataSample
from mmrazor.registry import MODELS
from torch import Tensor, nn

import classroomkd_mm.models.backbones  # noqa: F401  registers the networks
from classroomkd_mm.datasets.digits import NUM_CLASSES, Digits
from classroomkd_mm.networks import build_network

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
RECIPE = CONFIGS / 'classroomkd/digits/classroomkd_resnet8-w4_1xb20_digits.py'
BATCH_SIZE, IMAGES_PER_CLASS = 20, 10
SHIFTS = [(y, x) for y in range(3) for x in range(3)]
ALONE = 'without it'


class Kind(NamedTuple):
    """A way to spoil a mentor.

    Attributes:
        values: Maps good logits (N, C) to bad ones.
        share: Share of the samples that are spoilt.
        start: Share of the training after which it is spoilt.
    """

    values: Callable[[Tensor], Tensor]
    share: float = 1.0
    start: float = 0.0


def always_class_0(logits: Tensor) -> Tensor:
    """Be sure of the same class on all samples."""
    sure = torch.zeros_like(logits)
    sure[:, 0] = 10
    return sure


def noise(logits: Tensor) -> Tensor:
    """Draw logits as large as a good mentor's anew in each step."""
    return 5 * torch.randn_like(logits)


def same_noise(logits: Tensor) -> Tensor:
    """Draw logits that are the same for the same image in all steps."""
    seeds = (logits.double().sum(dim=1) * 1e6).long().tolist()
    rows = [torch.randn(NUM_CLASSES, generator=seeded(seed)) for seed in seeds]
    return 5 * torch.stack(rows)


def next_class(logits: Tensor) -> Tensor:
    """Take every class for the next one."""
    return logits.roll(1, dims=1)


def filled(value: float) -> Callable[[Tensor], Tensor]:
    """Give the same value for all classes."""
    return lambda logits: torch.full_like(logits, value)


KINDS = {
    ALONE: None,
    'sane: the best mentor twice': Kind(lambda logits: logits),
    'NaN': Kind(filled(float('nan'))),
    'NaN, half of the samples': Kind(filled(float('nan')), share=0.5),
    'NaN, from the middle on': Kind(filled(float('nan')), start=0.5),
    'infinity': Kind(filled(float('inf'))),
    'constant: all classes alike': Kind(filled(0.0)),
    'constant: always class 0': Kind(always_class_0),
    'class 0, half of the samples': Kind(always_class_0, share=0.5),
    'noise, new in each step': Kind(noise),
    'noise, from the middle on': Kind(noise, start=0.5),
    'noise, the same for an image': Kind(same_noise),
    'shuffled classes': Kind(next_class),
    'shuffled, half of the samples': Kind(next_class, share=0.5),
    'shuffled, from the middle on': Kind(next_class, start=0.5),
}


class Lessons(NamedTuple):
    """All that the student sees, computed once.

    Attributes:
        inputs: Normalised images (views, N, 3, 8, 8).
        labels: Class indices (N,).
        outputs: Logits of each mentor, (views, N, C).
        test_inputs: Normalised images (M, 3, 8, 8).
        test_labels: Class indices (M,).
    """

    inputs: Tensor
    labels: Tensor
    outputs: list[Tensor]
    test_inputs: Tensor
    test_labels: Tensor


@cache
def recipe() -> Config:
    """Read the recipe."""
    return Config.fromfile(RECIPE)


@cache
def initial_weights(seed: int) -> dict[str, Tensor]:
    """Initialise a student."""
    torch.manual_seed(seed)
    student = build_network(dict(recipe().model.architecture))
    student.init_weights()
    return student.state_dict()


def seeded(seed: int) -> torch.Generator:
    """A generator of random numbers of its own."""
    return torch.Generator().manual_seed(seed)


def build_classroom(distiller: Mapping[str, Any], bad: bool = True) -> nn.Module:
    """Build a classroom of the recipe's networks, with or without a mentor to spoil."""
    model = copy.deepcopy(recipe().model)
    if bad:
        model.mentors.bad = model.mentors['resnet14-w20']
    model.distiller = distiller
    return MODELS.build(model)


def images(split: str, **options: int) -> tuple[Tensor, Tensor]:
    """Load images, uint8 (N, 3, 8, 8), and labels (N,)."""
    data = Digits(split, pipeline=[], **options)
    infos = [data.get_data_info(index) for index in range(len(data))]
    pixels = torch.stack([torch.from_numpy(info['img']) for info in infos])
    labels = torch.tensor([info['gt_label'] for info in infos])
    return pixels.permute(0, 3, 1, 2).contiguous(), labels


@torch.no_grad()
def prepare(classroom: nn.Module) -> Lessons:
    """Show all crops to the mentors."""

    def normalised(pixels: Tensor) -> Tensor:
        return classroom.data_preprocessor(dict(inputs=list(pixels)))['inputs']

    pixels, labels = images('train', images_per_class=IMAGES_PER_CLASS)
    test_pixels, test_labels = images('test')
    padded = nn.functional.pad(pixels, (1, 1, 1, 1))
    views = [normalised(padded[:, :, y : y + 8, x : x + 8]) for y, x in SHIFTS]
    seen = [classroom.mentors(view) for view in views]
    outputs = [torch.stack(of_mentor) for of_mentor in zip(*seen, strict=True)]
    return Lessons(
        torch.stack(views), labels, outputs, normalised(test_pixels), test_labels
    )


def spoil(good: Tensor, kind: Kind, indices: Tensor, progress: float) -> Tensor:
    """Spoil the logits (N, C) of samples at a point of the training, from 0 to 1."""
    if progress < kind.start:
        return good
    # Always the same samples, of all classes.
    hit = torch.rand(1000, generator=seeded(0))[indices] < kind.share
    return torch.where(hit[:, None], kind.values(good), good)


def train(
    classroom: nn.Module, lessons: Lessons, kind: Kind | None, seed: int, epochs: int
) -> float:
    """Train a student; return its accuracy on the test images, in percent."""
    classroom.student.load_state_dict(initial_weights(seed))
    wrapper = build_optim_wrapper(classroom.student, recipe().optim_wrapper)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(wrapper.optimizer, epochs)
    classroom.train()
    torch.manual_seed(seed)
    places = torch.arange(len(lessons.labels))
    for epoch in range(epochs):
        order = torch.randperm(len(places))
        views = torch.randint(len(SHIFTS), (len(places),))
        for batch in order.split(BATCH_SIZE):
            view = views[batch]
            outputs = [output[view, batch] for output in lessons.outputs]
            if kind is not None:
                outputs[-1] = spoil(outputs[-1], kind, batch, epoch / epochs)
            samples = [DataSample().set_gt_label(y) for y in lessons.labels[batch]]
            loss = lesson_loss(classroom, lessons.inputs[view, batch], samples, outputs)
            wrapper.update_params(loss)
        schedule.step()
    classroom.eval()
    with torch.no_grad():
        logits = classroom.student(lessons.test_inputs, mode='tensor')
    right = (logits.argmax(dim=1) == lessons.test_labels).float()
    return 100 * right.mean().item()


def lesson_loss(
    classroom: nn.Module,
    inputs: Tensor,
    samples: Sequence[DataSample],
    outputs: Sequence[Tensor],
) -> Tensor:
    """Compute the total loss as the classroom does, from outputs that are known."""
    with classroom.distiller.student_recorders:
        task = classroom.student(inputs, samples, mode='loss')
    weight, taught = classroom.distiller.teach(outputs, samples)
    return weight * task['loss'] + sum(taught.values())


def measure(
    kinds: Sequence[str], seeds: Sequence[int], epochs: int, **knowledge_filter: Any
) -> dict[str, list[float]]:
    """Train with each kind and seed.

    Args:
        kinds (Sequence[str]): Names in ``KINDS``.
        seeds (Sequence[int]): Seeds of student and batches.
        epochs (int): Of five batches each.
        **knowledge_filter (Any): Options of the Knowledge Filter.

    Returns:
        dict[str, list[float]]: Accuracies in percent, by kind.
    """
    distiller = dict(knowledge_filter=knowledge_filter)
    with_bad, without = (
        build_classroom(distiller),
        build_classroom(distiller, bad=False),
    )
    lessons = prepare(with_bad)
    rest = lessons._replace(outputs=lessons.outputs[:-1])
    return {
        name: [
            train(without, rest, None, seed, epochs)
            if name == ALONE
            else train(with_bad, lessons, KINDS[name], seed, epochs)
            for seed in seeds
        ]
        for name in kinds
    }


def table(results: dict[str, list[float]]) -> str:
    """Format the results in Markdown."""
    base = statistics.mean(results[ALONE])
    lines = ['| fourth mentor | accuracy, % | difference | by seed |', '|---' * 4 + '|']
    for name, values in results.items():
        mean = statistics.mean(values)
        spread = f' ± {statistics.stdev(values):.2f}' if len(values) > 1 else ''
        by_seed = ', '.join(f'{value:.1f}' for value in values)
        lines.append(
            f'| {name} | {mean:.2f}{spread} | {mean - base:+.2f} | {by_seed} |'
        )
    return '\n'.join(lines)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2, 3, 4])
    parser.add_argument('--epochs', type=int, default=120, help='default: 120')
    parser.add_argument(
        '--kinds', nargs='+', choices=KINDS, default=list(KINDS), help='default: all'
    )
    parser.add_argument('--level', choices=('sample', 'batch'), default='sample')
    parser.add_argument(
        '--no-filter', action='store_true', help='let every mentor teach every sample'
    )
    args = parser.parse_args()
    torch.set_num_threads(1)
    results = measure(
        [ALONE, *(kind for kind in args.kinds if kind != ALONE)],
        args.seeds,
        args.epochs,
        level=args.level,
        filtering=not args.no_filter,
    )
    print(table(results))


if __name__ == '__main__':
    main()
