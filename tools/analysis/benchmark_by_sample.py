# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Show on which samples the methods of a benchmark differ, and what mentors say.

Reads the finished runs of a comparison, and prints tables in Markdown. The first one
groups the images, or the keypoints of people, by the number of mentors that are right,
and shows how often each method is right in each group of the test set, as the mean over
the seeds. For classifiers, a second one shows how right and how sure each mentor is. Of
the images that the student learns from, both take the first view.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from math import log
from pathlib import Path
from typing import Any

import torch
from mmengine.runner import load_checkpoint
from mmengine.utils import import_modules_from_strings
from torch import Tensor, nn

from classroomkd_mm.benchmark.configs import common_config
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
    parser.add_argument('suite', help='a suite with cached views')
    parser.add_argument(
        '--methods', nargs='+', required=True, help='the first one with all mentors'
    )
    parser.add_argument('--seeds', type=int, nargs='+', help='default: of the suite')
    parser.add_argument('--out', type=Path, help='the folder with the runs')
    return parser.parse_args()


def main() -> None:
    """Print the tables."""
    plan = finished_plan(parse_args())
    import_modules_from_strings(**common_config(plan.suite, 0).custom_imports)
    tables = keypoint_tables if plan.suite.task == 'pose' else image_tables
    print('\n\n'.join(tables(plan)))


def image_tables(plan: Plan) -> Iterator[str]:
    """Compare classifiers, image by image."""
    common = common_config(plan.suite, 0)
    one_view = replace(plan.suite, views={**plan.suite.views, 'num_views': 1})
    test, train = load_validation(common), load_training(common_config(one_view, 0))
    said, taught = (say(plan.jobs[0].runs[-1], images) for images in (test, train))
    parts = [(said, test.labels), (taught, train.labels)]
    right: dict[str, list[Tensor]] = {}
    for job in plan.jobs:
        hits = test.predictions(finished_model(job)) == test.labels
        right.setdefault(job.method.name, []).append(hits)
    students = {name: torch.stack(hits) for name, hits in right.items()}
    counts = [number_right(*part) for part in parts]
    yield accuracy_table(dict(training=counts[1], test=counts[0]), students)
    yield mentor_table(parts)


def keypoint_tables(plan: Plan) -> Iterator[str]:
    """Compare pose models, keypoint by keypoint."""
    test = load_validation(common_config(plan.suite, 0))
    classroom = runner_of(plan.jobs[0].runs[-1].config, plan.out / 'by_sample').model
    classroom.eval()
    said = [test.hits(partial(answer, classroom, m)) for m in classroom.mentors]
    right: dict[str, list[Tensor]] = {}
    for job in plan.jobs:
        hits = test.hits(finished_model(job).eval().val_step)
        right.setdefault(job.method.name, []).append(hits)
    students = {name: torch.stack(hits) for name, hits in right.items()}
    yield accuracy_table({'test': torch.stack(said).sum(0)}, students)


def answer(classroom: nn.Module, mentor: nn.Module, batch: dict[str, Any]) -> Any:
    """Let a mentor find the keypoints of a batch, as the student does."""
    data = classroom.data_preprocessor(batch, False)
    task, student = classroom.task, classroom.student
    return task.predict(student, mentor, data['inputs'], data['data_samples'])


def finished_plan(args: Namespace) -> Plan:
    """Plan the comparison, all of whose runs are finished.

    Raises:
        ValueError: If the first method lacks mentors.
        FileNotFoundError: If a run is not finished.
    """
    suite = Suite.read(args.suite)
    methods = find_methods(suite.task, args.methods)
    if methods[0].mentors != 'all':
        raise ValueError(
            f'The method {methods[0].name!r} has not all mentors: name one first that '
            "has, such as 'classroom'."
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


def finished_model(job: Job) -> nn.Module:
    """Build the model of a finished run."""
    run = job.runs[-1]
    is_taught = 'mentors' in run.config.model
    model = runner_of(run.config, run.folder / 'by_sample', is_taught).model
    student = model.student if is_taught else model
    load_checkpoint(student, str(run.checkpoint), 'cpu', strict=True, logger='silent')
    return model


def number_right(said: Mapping[str, Tensor], labels: Tensor) -> Tensor:
    """Count the mentors that are right of each image, from their logits; int64 (N,)."""
    hits = [logits.argmax(1) == labels for logits in said.values()]
    return torch.stack(hits).sum(0)


def accuracy_table(
    mentors: Mapping[str, Tensor], students: Mapping[str, Tensor]
) -> str:
    """Compare students where few and where many mentors are right.

    Args:
        mentors (Mapping[str, Tensor]): By the name of the set, how many of them are
            right of each of its samples, int64 (N,); one is 'test'.
        students (Mapping[str, Tensor]): By method, whether its students are right of
            the samples of 'test', bool (seeds, N).

    Returns:
        str: A table in Markdown with a row for each number of right mentors.
    """
    heads = [f'{name}, %' for name in mentors]
    lines = [
        f'| mentors right | {" | ".join([*heads, *students])} |',
        '|---' + '|---:' * (len(mentors) + len(students)) + '|',
    ]
    most = max(int(numbers.max()) for numbers in mentors.values())
    groups = {str(k): {k} for k in range(most + 1)} | {'all': set(range(most + 1))}
    for name, group in groups.items():
        wanted = torch.tensor(sorted(group))
        seen = {key: torch.isin(numbers, wanted) for key, numbers in mentors.items()}
        hits = [right[:, seen['test']].float().mean() for right in students.values()]
        shares = [part.float().mean() for part in seen.values()]
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
