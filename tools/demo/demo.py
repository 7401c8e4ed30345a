# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Train a small classroom of classifiers or pose models on the CPU."""

import argparse
import time
from importlib import import_module
from pathlib import Path

DEMOS = {
    'digits': 'classifiers on 50 handwritten digits',
    'pose': 'pose models on stick figures',
}


def main() -> None:
    """Run one of the demos."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='; '.join(f'{name}: {what}' for name, what in DEMOS.items()),
    )
    parser.add_argument(
        'demo',
        choices=DEMOS,
        nargs='?',
        default='digits',
        help='what to train (default: digits)',
    )
    parser.add_argument(
        '--out',
        type=Path,
        help='where the runs write (default: work_dirs/demo or work_dirs/demo_pose)',
    )
    args = parser.parse_args()
    default = 'demo' if args.demo == 'digits' else f'demo_{args.demo}'
    out = args.out or Path('work_dirs', default)
    start = time.monotonic()
    import_module(args.demo).main(out)
    print(f'Took {time.monotonic() - start:.0f} s. Everything is in {out}/.')


if __name__ == '__main__':
    main()
