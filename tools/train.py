# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Train a student in its classroom, or any other config of MMEngine's Runner."""

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
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='resume from this checkpoint; without a value, or with "auto", from the '
        'latest one in the work dir',
    )
    parser.add_argument('--amp', action='store_true', help='train in mixed precision')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate with the batch size',
    )
    return parser.parse_args()


def main() -> None:
    """Train.

    Raises:
        ValueError: If an argument does not fit the config.
    """
    args = parse_args()
    with no_garbage_collection():
        cfg = read_config(args)
        from mmengine.runner import Runner

    if args.amp:
        use_mixed_precision(cfg.optim_wrapper)
    if args.auto_scale_lr:
        if 'base_batch_size' not in cfg.get('auto_scale_lr', {}):
            raise ValueError(
                '--auto-scale-lr needs the batch size that the learning rate was '
                'chosen for: set auto_scale_lr.base_batch_size in the config.'
            )
        cfg.auto_scale_lr.enable = True
    if args.resume:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume

    with weights_only():
        Runner.from_cfg(cfg).train()


def use_mixed_precision(optim_wrapper: dict) -> None:
    """Make an optimizer wrapper train in mixed precision.

    Args:
        optim_wrapper (dict): Its config, changed in place.

    Raises:
        ValueError: If the config has another optimizer wrapper.
    """
    kind = optim_wrapper.get('type', 'OptimWrapper')
    if kind not in ('OptimWrapper', 'AmpOptimWrapper'):
        raise ValueError(
            f'--amp replaces OptimWrapper with AmpOptimWrapper, but the config has '
            f'optim_wrapper.type={kind!r}. Omit --amp, or change the config.'
        )
    optim_wrapper['type'] = 'AmpOptimWrapper'
    optim_wrapper.setdefault('loss_scale', 'dynamic')


if __name__ == '__main__':
    main()
