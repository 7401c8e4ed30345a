# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Evaluate a trained student. This does not load its mentors."""

from argparse import Namespace

from classroomkd_mm._launch import no_garbage_collection, read_config, run_parser
from classroomkd_mm.compat import weights_only


def parse_args() -> Namespace:
    """Read the command line.

    Returns:
        Namespace: The arguments.
    """
    parser = run_parser(__doc__)
    parser.add_argument(
        'checkpoint', help='a checkpoint of a classroom, or of the plain student'
    )
    return parser.parse_args()


def main() -> None:
    """Evaluate."""
    args = parse_args()
    with no_garbage_collection():
        cfg = read_config(args)
        from classroomkd_mm.engine.runner import StudentRunner
        from classroomkd_mm.models.algorithms import student_config

    cfg = student_config(cfg)
    cfg.load_from = args.checkpoint
    with weights_only():
        StudentRunner.from_cfg(cfg).test()


if __name__ == '__main__':
    main()
