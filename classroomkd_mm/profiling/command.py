# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The command line of the profile."""

import argparse
import json
import sys
from contextlib import redirect_stdout
from typing import Any

from .recipes import CLASSROOMS

DESCRIPTION = """Measure what a training step of a classroom costs, beside what it is
made of, on the GPU if there is one. All variants of a classroom take turns, repeat by
repeat, so that what else the machine does falls on each of them. A ratio is the median
over the repeats. Networks have random weights, which cost the same. Memory is that of
the weights that run, and the largest sum of tensors that live at a time during a step.
The originals of fast mentors are not part of it: they are mapped from a temporary file,
and the system may drop their pages. With no, a cold and a warm cache, and for the
student alone (student_loading), a turn is a short epoch with the data loader of the
recipe over generated images. The student alone, MMRazor's distillation and the bare sum
of the networks are in PyTorch's usual layout; ours trains the student channels-last,
as its recipes do. student_channels_last is the student alone in that layout."""


def main() -> None:
    """Measure, and print."""
    args = parse_args()
    with redirect_stdout(sys.stderr):  # the log, and what reads COCO's annotations
        results = measured(args)
    print(json.dumps(results, indent=2) if args.json else as_text(results))


def measured(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure what the command line asks for.

    Args:
        args (Namespace): What :func:`parse_args` returned.

    Returns:
        list[dict]: What :func:`measure` returned for each classroom, and ``start``.
    """
    from mmengine.logging import MMLogger

    from .measuring import Effort, measure
    from .start import time_to_first_iteration

    MMLogger.get_current_instance().setLevel('ERROR')
    results = []
    for name in args.classrooms:
        classroom = CLASSROOMS[name]
        batch_size = args.batch_size or classroom.batch
        effort = Effort(args.repeats, batch_size, args.batches, args.mentors)
        results.append(measure(name, classroom, effort))
    if args.start:
        seconds = dict(first_iteration=time_to_first_iteration())
        results.append(dict(name='start', seconds=seconds, ratios={}))
    return results


def parse_args() -> argparse.Namespace:
    """Read the command line.

    Returns:
        Namespace: The arguments.
    """
    parser = argparse.ArgumentParser(description=DESCRIPTION)
    add = parser.add_argument
    add(
        '--classrooms',
        nargs='*',
        default=[*CLASSROOMS],
        metavar='NAME',
        help=f'what to measure, of {", ".join(CLASSROOMS)} (default: all)',
    )
    add('--repeats', type=int, default=10, help='turns of each variant (default: 10)')
    add('--batch-size', type=int, help='samples (default: 64 for CIFAR, 8 for COCO)')
    add('--batches', type=int, default=8,
        help='batches of an epoch, where data are loaded (default: 8)')  # fmt: skip
    add('--mentors', type=int, nargs='*', default=[1, 2, 4, 8], metavar='N',
        help='also measure N times the first mentor (default: 1 2 4 8)')  # fmt: skip
    add('--start', action='store_true', help='also time a start of `mim train`')
    add('--json', action='store_true', help='print JSON instead of text')
    args = parser.parse_args()
    for name in args.classrooms:
        if name not in CLASSROOMS:
            parser.error(f'--classrooms: {name!r} is none of {", ".join(CLASSROOMS)}')
    return args


def as_text(results: list[dict[str, Any]]) -> str:
    """Lay out results for reading.

    Args:
        results (list[dict]): What :func:`measure` returned.

    Returns:
        str: A line for each value.
    """
    lines = []
    for result in results:
        lines.append(result['name'])
        for kind in ('seconds', 'ratios', 'mebibytes'):
            for key, value in result.get(kind, {}).items():
                lines.append(f'  {kind:<10}{key:<26}{value:8.3f}')
    return '\n'.join(lines)
