# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Show on which images the methods of a benchmark differ, and what mentors say.

Reads the finished runs of a comparison of classifiers, and prints two tables in
Markdown. The first one groups the images by the number of mentors that are right, and
shows the accuracy of each method on the test images of each group, as the mean over the
seeds. The second one shows how right and how sure each mentor is. Of the images that
the student learns from, both take the first view.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import replace
from math import log
from pathlib import Path

import torch
from mmengine.runner import load_checkpoint
from mmengine.utils import import_modules_from_strings
from torch import Tensor

from classroomkd_mm.benchmark.configs import common_config
from classroomkd_mm.benchmark.images_in_memory import Images
from classroomkd_mm.benchmark.in_memory import load_training, load_validation
from classroomkd_mm.benchmark.method import find_methods
from classroomkd_mm.benchmark.plan import Job, Plan
from classroomkd_mm.benchmark.suite import Suite
from classroomkd_mm.benchmark.training_in_memory import runner_of, say

TAU = 4
"""The temperature of most methods, at which the entropy is measured."""


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('suite', help='a suite of classifiers')
    parser.add_argument(
        '--methods', nargs='+', required=True, help='the first one with all mentors'
    )
    parser.add_argument('--seeds', type=int, nargs='+', help='default: of the suite')
    parser.add_argument('--out', type=Path, help='the folder with the runs')
    return parser.parse_args()


def main() -> None:
    """Print the tables."""
    plan = finished_plan(parse_args())
    common = common_config(plan.suite, 0)
    import_modules_from_strings(**common.custom_imports)
    one_view = replace(plan.suite, views={**plan.suite.views, 'num_views': 1})
    test, train = load_validation(common), load_training(common_config(one_view, 0))
    said, taught = (say(plan.jobs[0].runs[-1], images) for images in (test, train))
    parts = [(said, test.labels), (taught, train.labels)]
    right: dict[str, list[Tensor]] = {}
    for job in plan.jobs:
        hits = predictions(job, test) == test.labels
        right.setdefault(job.method.name, []).append(hits)
    students = {name: torch.stack(hits) for name, hits in right.items()}
    print(accuracy_table(*(number_right(*part) for part in parts), students))
    print()
    print(mentor_table(parts))


def finished_plan(args: Namespace) -> Plan:
    """Plan the comparison, all of whose runs are finished.

    Raises:
        ValueError: If it is of pose models, or the first method lacks mentors.
        FileNotFoundError: If a run is not finished.
    """
    suite = Suite.read(args.suite)
    if suite.task != 'classification':
        raise ValueError(f'The suite {suite.name!r} is no suite of classifiers.')
    methods = find_methods(suite.task, args.methods)
    if methods[0].mentors != 'all':
        raise ValueError(
            f'The method {methods[0].name!r} has not all mentors: name one first that '
            "has, such as 'average_n'."
        )
    seeds = suite.seeds if args.seeds is None else args.seeds
    out = args.out or Path('work_dirs', 'benchmark', suite.name)
    plan = Plan(suite, methods, seeds, out, strict=True)
    plan.check()
    for job in plan.jobs:
        if job.runs[-1].state != 'finished':
            raise FileNotFoundError(
                f'{job.runs[-1].title} is not finished in {job.folder}: train it '
                'first, or name other --methods or --seeds.'
            )
    return plan


def predictions(job: Job, images: Images) -> Tensor:
    """Let the student of a finished run classify images; classes, int64 (N,)."""
    run = job.runs[-1]
    is_taught = 'mentors' in run.config.model
    model = runner_of(run.config, run.folder / 'by_sample', is_taught).model
    student = model.student if is_taught else model
    load_checkpoint(student, str(run.checkpoint), 'cpu', strict=True, logger='silent')
    return images.predictions(model)


def number_right(said: Mapping[str, Tensor], labels: Tensor) -> Tensor:
    """Count the mentors that are right of each image, from their logits; int64 (N,)."""
    hits = [logits.argmax(1) == labels for logits in said.values()]
    return torch.stack(hits).sum(0)


def accuracy_table(
    test: Tensor, training: Tensor, students: Mapping[str, Tensor]
) -> str:
    """Compare students where few and where many mentors are right.

    Args:
        test (Tensor): How many mentors are right of each test image, int64 (N,).
        training (Tensor): The same of the training images, (M,).
        students (Mapping[str, Tensor]): By method, whether its students are right of
            the test images, bool (seeds, N).

    Returns:
        str: A table in Markdown with a row for each number of right mentors.
    """
    lines = [
        f'| mentors right | training, % | test, % | {" | ".join(students)} |',
        '|---' + '|---:' * (2 + len(students)) + '|',
    ]
    most = max(int(test.max()), int(training.max()))
    groups = [(str(k), training == k, test == k) for k in range(most + 1)]
    for name, taught, seen in [*groups, ('all images', training >= 0, test >= 0)]:
        hits = [right[:, seen].float().mean() for right in students.values()]
        shares = [taught.float().mean(), seen.float().mean()]
        lines.append(f'| {name} |{cells([*shares, *hits])}')
    return '\n'.join(lines)


def mentor_table(parts: list[tuple[Mapping[str, Tensor], Tensor]]) -> str:
    """Say how right and how sure mentors are.

    Args:
        parts (list): For the test and the training images, the logits of each mentor,
            (N, C), and the labels, int64 (N,).

    Returns:
        str: A table in Markdown with a row for each mentor.
    """
    lines = ['| mentor |', '|---|']
    for images in ('test', 'training'):
        lines[0] += (
            f' right, {images}, % | sure, {images}, % | entropy, {images}, bits |'
        )
        lines[1] += '---:|' * 3
    for name in parts[0][0]:
        lines.append(f'| {name} |')
        for said, labels in parts:
            logits = said[name].float()
            right = (logits.argmax(1) == labels).float().mean()
            sure = logits.softmax(1).amax(1).mean()
            lines[-1] += cells([right, sure])
            lines[-1] += f' {entropy(logits).mean():.2f} |'
    return '\n'.join(lines)


def entropy(logits: Tensor) -> Tensor:
    """The entropy at temperature TAU of logits (N, C), in bits, (N,)."""
    return torch.distributions.Categorical(logits=logits / TAU).entropy() / log(2)


def cells(shares: list[Tensor]) -> str:
    """Format shares as cells of a table, in per cent; that of nothing is a dash."""
    return ''.join(
        ' – |' if share.isnan() else f' {100 * share:.1f} |' for share in shares
    )


if __name__ == '__main__':
    main()
