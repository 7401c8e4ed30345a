# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Fill the mentor cache of a config. Interrupted, it goes on where it was."""

import collections
import time
from argparse import Namespace
from datetime import timedelta

from classroomkd_mm._launch import read_config, run_parser


def parse_args() -> Namespace:
    """Read the command line.

    Returns:
        Namespace: The arguments.
    """
    return run_parser(__doc__).parse_args()


def main() -> None:
    """Fill the cache.

    Raises:
        ValueError: If the config has no cache, or it is of something else.
    """
    cfg = read_config(parse_args())
    if not cfg.model.get('mentor_cache'):
        raise ValueError(
            'The model of this config has no mentor_cache: add '
            "mentor_cache=dict(path='folder', num_views=4), or on the command line "
            '--cfg-options model.mentor_cache.path=folder '
            'model.mentor_cache.num_views=4.'
        )

    from mmengine.dist import is_main_process
    from mmengine.runner import Runner
    from mmengine.utils import ProgressBar

    from classroomkd_mm.mentors.cache.filling import fill, missing_entries, size_on_disk

    runner = Runner.from_cfg(cfg)
    model = getattr(runner.model, 'module', runner.model)
    loader = model.connect_cache(
        runner.build_dataloader(cfg.train_dataloader, seed=runner.seed)
    )
    entries = missing_entries(model.mentors)
    runner.logger.info(
        f'{model.mentor_cache.path}: {len(entries):,} of '
        f'{len(loader.dataset) * loader.dataset.num_views:,} views are missing. '
        f'{len(model.mentors)} mentors take '
        f'{size_on_disk(model.mentors) / 1e6:,.2f} MB for all.'
    )
    if not len(entries):
        return
    filling = fill(model, loader, entries)
    done = next(filling, 0)  # which also warms up
    began = time.perf_counter()
    added = next(filling, 0)
    seconds = time.perf_counter() - began
    left = len(entries[runner.rank :: runner.world_size]) - done - added
    if left:
        rest = timedelta(seconds=round(seconds / added * left))
        runner.logger.info(f'The rest takes about {rest}.')
    if not is_main_process():
        collections.deque(filling, maxlen=0)
        return
    progress = ProgressBar(left)
    for added in filling:
        progress.update(added)
    print()


if __name__ == '__main__':
    main()
