# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Compute what a classroom stores and moves on many GPUs, from a profile.

The profile is what `mim run classroomkd_mm profile_step --json` printed, in a file.
Prints tables in Markdown, or puts them in the place of those in a page.
"""

import argparse
import json
from pathlib import Path

BEGIN, END = '<!-- tables: begin -->', '<!-- tables: end -->'


def parse_args() -> argparse.Namespace:
    """Read the command line.

    Returns:
        Namespace: The arguments.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('profile', type=Path, help='a JSON file')
    parser.add_argument(
        '--page', type=Path, help='a page with tables to replace, as docs/scaling.md'
    )
    return parser.parse_args()


def main() -> None:
    """Compute the tables, and write them.

    Raises:
        ValueError: If the page has no place for them.
    """
    args = parse_args()
    from classroomkd_mm.profiling.scaling import tables

    text = tables(json.loads(args.profile.read_text(encoding='utf-8')))
    if args.page is None:
        print(text)
        return
    page = args.page.read_text(encoding='utf-8')
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f'{args.page} has no place for tables: {BEGIN} … {END}.')
    text = f'{before}{begin}\n{text}\n{end}{after}'
    args.page.write_text(text, encoding='utf-8')


if __name__ == '__main__':
    main()
