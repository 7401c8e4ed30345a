# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Draw which mentor taught how much over time."""

import argparse


def main() -> None:
    """Read the reports of one or more runs and write a picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'work_dirs', nargs='+', help='work dirs (or classroom.jsonl files) of runs'
    )
    parser.add_argument('--out', default='classroom.png', help='PNG, SVG or PDF')
    parser.add_argument('--title', default='', help='above the picture')
    args = parser.parse_args()

    from classroomkd_mm.visualization import plot_teaching, read_report

    plot_teaching([read_report(path) for path in args.work_dirs], args.out, args.title)
    print(f'Wrote {args.out}')


if __name__ == '__main__':
    main()
