# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The comparisons of `benchmark.py`: networks, budgets and methods."""

from typing import NamedTuple


class Method(NamedTuple):
    """A way to train the student.

    Attributes:
        options: Overrides of the recipe, as for ``--cfg-options``.
        recipe: The first word of the recipe's name; '' for the student alone.
        best_only: Whether only the strongest mentor teaches.
    """

    options: tuple[str, ...] = ()
    recipe: str = 'classroomkd'
    best_only: bool = False


class Plan(NamedTuple):
    """A comparison. Paths are relative to ``configs/``.

    Attributes:
        mentor: Path of a mentor's config, with {} for its name.
        student: Path of the config of the student alone.
        classroom: Path of a recipe, with {} for the first word of its name.
        mentors: Names of the mentors.
        mentor_epochs: Training epochs of the mentors.
        epochs: Training epochs of the student.
        metrics: Maps a metric's name in the log to its column's heading and a factor.
        methods: Ways to train the student, by the label of their row.
    """

    mentor: str
    student: str
    classroom: str
    mentors: tuple[str, ...]
    mentor_epochs: int
    epochs: int
    metrics: dict[str, tuple[str, float]]
    methods: dict[str, Method]


ALONE = Method(recipe='')
DISTILLER = 'model.distiller'
FILTER, MENTORING = f'{DISTILLER}.knowledge_filter', f'{DISTILLER}.mentoring'
LOSSES = f'{DISTILLER}.distill_losses'
SAMPLE, BATCH = (f'{FILTER}.level={level}' for level in ('sample', 'batch'))
EVERYBODY = f'{FILTER}.filtering=False'


def classifiers() -> dict[str, Method]:
    """Ways to teach a classifier with three mentors."""
    score = f'{DISTILLER}.task_weight=student_score'
    one = f'{DISTILLER}.task_weight=constant'
    fixed = f'{MENTORING}.mentoring=4.0'
    third = f'{LOSSES}.loss_classroom.loss_weight=0.3333'
    return {
        'student alone': ALONE,
        'KD from the best mentor, τ = 4': Method((fixed, EVERYBODY), best_only=True),
        'average of three, τ = 4': Method((fixed, EVERYBODY, third)),
        'classroom, sample, W = score': Method((SAMPLE, score)),
        'classroom, sample, W = 1': Method((SAMPLE, one)),
        'classroom, batch, W = score': Method((BATCH, score)),
        'classroom, batch, W = 1': Method((BATCH, one)),
        'sample filter, fixed τ = 4, W = 1': Method((SAMPLE, fixed, one)),
        'classroom, sample, W = 1, τ_max = 4': Method(
            (SAMPLE, f'{MENTORING}.tau_max=4', one)
        ),
    }


def pose() -> dict[str, Method]:
    """Ways to teach a pose model with two mentors, mostly changing one option each."""
    score, loss = f'{DISTILLER}.scorer.score', f'{LOSSES}.loss_heatmap'
    weight = f'{loss}.loss_weight'
    # Half of the weight for each of the two mentors.
    mean_kl = (EVERYBODY, f'{MENTORING}.mentoring=off', f'{weight}={KL_WEIGHT / 2}')
    center = (
        f'{score}=oks', f'{loss}.sharpness=10', f'{weight}={KL_WEIGHT}', SAMPLE,
        f'{MENTORING}.mentoring=gap', f'{MENTORING}.tau_max=4',
    )  # fmt: skip
    return {
        'student alone': ALONE,
        'filtering off: average of two, KL': Method((*center, *mean_kl)),
        'average of two, MSE': Method(recipe='fpd'),
        'MSE, filtered': Method((f'{FILTER}.filtering=True',), recipe='fpd'),
        'classroom: OKS, sharpness 10, sample, τ_max 4': Method(center),
        'scorer: likelihood': Method((*center, f'{score}=likelihood')),
        'scorer: task_loss': Method((*center, f'{score}=task_loss')),
        'sharpness 3': Method((*center, f'{loss}.sharpness=3')),
        'sharpness 30': Method((*center, f'{loss}.sharpness=30')),
        'sharpness 100': Method((*center, f'{loss}.sharpness=100')),
        'level: batch': Method((*center, BATCH)),
        'mentoring off': Method((*center, f'{MENTORING}.mentoring=off')),
    }


KL_WEIGHT = 0.01
ACCURACY = {'accuracy/top1': ('accuracy, %', 1)}
PLANS = {
    'digits': Plan(
        mentor='pretrain/digits/{}_1xb20_digits.py',
        student='pretrain/digits/resnet8-w4_1xb20_digits.py',
        classroom='classroomkd/digits/{}_resnet8-w4_1xb20_digits.py',
        mentors=('resnet14-w20', 'resnet8-w8', 'resnet8-w3'),
        mentor_epochs=80,
        epochs=240,
        metrics=ACCURACY,
        methods=classifiers(),
    ),
    'cifar10_jpeg': Plan(
        mentor='benchmarks/cifar10_jpeg/{}_1xb64-10e_cifar10-jpeg.py',
        student='benchmarks/cifar10_jpeg/resnet8_1xb64-4e_cifar10-jpeg.py',
        classroom='benchmarks/cifar10_jpeg/{}_resnet8_1xb64-4e_cifar10-jpeg.py',
        mentors=('resnet20', 'resnet14', 'resnet8'),
        mentor_epochs=10,
        epochs=4,
        metrics=ACCURACY,
        methods=classifiers(),
    ),
    'stick_figures': Plan(
        mentor='pretrain/stick_figures/td-hm_{}_1xb16-6e_stick-figures-64x48.py',
        student='pretrain/stick_figures/td-hm_res18-w8_1xb16-6e_stick-figures-64x48.py',
        classroom='{0}/stick_figures/{0}_res18-w48+res18-w32_res18-w8'
        '_1xb16-6e_stick-figures-64x48.py',
        mentors=('res18-w48', 'res18-w32'),
        mentor_epochs=6,
        epochs=6,
        metrics={'coco/AP': ('AP', 100), 'PCK': ('PCK', 100)},
        methods=pose(),
    ),
}
