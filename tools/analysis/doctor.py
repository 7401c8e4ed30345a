# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Examine this installation, and the student and mentors of a config."""

import argparse
import contextlib
import json
import sys

from classroomkd_mm._cfg_options import CfgOptions


def parse_args() -> argparse.Namespace:
    """Read the command line.

    Returns:
        Namespace: ``config``, ``batches``, ``checkpoint``, ``cfg_options``, ``json``.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'config',
        nargs='?',
        help='a config file, or the file name of a recipe of this package',
    )
    parser.add_argument(
        '--batches',
        type=int,
        default=4,
        help='how many batches of the validation set the members see (default: 4)',
    )
    parser.add_argument(
        '--checkpoint', help='of the student; default: load_from of the config'
    )
    parser.add_argument('--json', action='store_true', help='print one JSON object')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=CfgOptions,
        metavar='KEY=VALUE',
        help='override or add entries of the config',
    )
    args = parser.parse_args()
    if args.batches < 1:
        parser.error(f'--batches {args.batches} must be 1 or more')
    return args


def main() -> int:
    """Print the diagnosis.

    Returns:
        int: 0 only if all is well.
    """
    args = parse_args()
    with contextlib.redirect_stdout(sys.stderr):  # for the logs of OpenMMLab
        from classroomkd_mm.diagnosis.doctor import diagnose
        from classroomkd_mm.diagnosis.report import write_report

        report, findings = diagnose(
            args.config, args.cfg_options, args.batches, args.checkpoint
        )
        text = '' if args.json else write_report(report, findings)
    if args.json:
        found = [finding._asdict() for finding in findings]
        whole = dict(ok=findings.all_is_well, **report, findings=found)
        text = json.dumps(whole, indent=2, ensure_ascii=False)
    print(text)
    return 0 if findings.all_is_well else 1


if __name__ == '__main__':
    sys.exit(main())
