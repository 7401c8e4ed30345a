# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Plot how much each mentor taught over the epochs or iterations."""

import argparse


def main() -> None:
    """Read the reports of the runs and write the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'work_dirs', nargs='+', help='work dirs, or their classroom.jsonl files'
    )
    parser.add_argument(
        '--out',
        default='classroom.png',
        help='a PNG, SVG or PDF file (default: classroom.png)',
    )
    parser.add_argument('--title', default='', help='the title of the plot')
    args = parser.parse_args()

    from classroomkd_mm.visualization import plot_teaching, read_report

    plot_teaching([read_report(path) for path in args.work_dirs], args.out, args.title)
    print(f'Wrote {args.out}')


if __name__ == '__main__':
    main()
