# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Train a small classroom on the CPU: of classifiers, or of pose models."""

import argparse
import time
from importlib import import_module
from pathlib import Path

DEMOS = {
    'digits': 'classifiers, on 100 digits that scikit-learn ships',
    'pose': 'pose models, on drawn people',
}


def main() -> None:
    """Run one of the demos."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='; '.join(f'{name}: {what}' for name, what in DEMOS.items()),
    )
    parser.add_argument('demo', choices=DEMOS, nargs='?', default='digits')
    parser.add_argument('--out', type=Path, help='default: work_dirs/demo[_pose]')
    args = parser.parse_args()
    default = 'demo' if args.demo == 'digits' else f'demo_{args.demo}'
    out = args.out or Path('work_dirs', default)
    start = time.monotonic()
    import_module(f'demo_{args.demo}').main(out)
    print(f'Took {time.monotonic() - start:.0f} s. Everything is in {out}/.')


if __name__ == '__main__':
    main()
