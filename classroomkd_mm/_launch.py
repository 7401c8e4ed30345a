# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Shared code of the scripts in tools/: the command line of a run, and its start.

Nothing heavy is imported before the arguments are parsed, so that `--help`, which MIM
calls before every training, returns immediately.
"""

import gc
import os
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from ._cfg_options import CfgOptions

if TYPE_CHECKING:
    from mmengine.config import Config


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Import packages without looking for garbage, and never look for it in them.

    Imports leave hundreds of thousands of objects, all of them in use. Python would go
    through them again and again, during the imports and later.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def run_parser(description: str) -> ArgumentParser:
    """Create a parser with the arguments that all runs share.

    Args:
        description (str): One-line description of the script.

    Returns:
        ArgumentParser: The parser, to which the script adds its own arguments.
    """
    parser = ArgumentParser(description=description)
    parser.add_argument(
        'config', help='a config file, or the file name of a recipe of this package'
    )
    parser.add_argument(
        '--work-dir',
        help='folder for logs and checkpoints; default: the work_dir of the config, '
        'or ./work_dirs/NAME_OF_CONFIG if it has none',
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=CfgOptions,
        metavar='KEY=VALUE',
        help='override or add entries of the config, such as '
        "optim_wrapper.optimizer.lr=0.1 'model.mentors.vgg13.ckpt=my vgg13.pth'; a,b "
        'is a list unless it is quoted or the path of an existing file',
    )
    parser.add_argument(
        '--launcher',
        choices=('none', 'pytorch', 'slurm', 'mpi'),
        default='none',
        help='launcher of a distributed run',
    )
    parser.add_argument(
        '--local-rank',
        '--local_rank',
        type=int,
        default=0,
        help='set by torch.distributed.launch',
    )
    return parser


def read_config(args: Namespace) -> 'Config':
    """Read the config given by the arguments, and apply the common arguments to it.

    Args:
        args (Namespace): Arguments parsed by :func:`run_parser`.

    Returns:
        Config: The config, with `launcher` and `work_dir` set.

    Raises:
        FileNotFoundError: If there is no such config.
        ValueError: If several recipes have this name.
    """
    from mmengine.config import Config

    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    path = find_config(args.config)
    config = Config.fromfile(path)
    # MMEngine writes a config five times when a run starts. Its text is readable
    # without yapf, which takes most of a second each time; only configs with lazy
    # imports get this option from `fromfile`.
    object.__setattr__(config, '_format_python_code', False)
    config.merge_from_dict(args.cfg_options or {})
    config.launcher = args.launcher
    default = config.get('work_dir') or f'./work_dirs/{path.stem}'
    config.work_dir = args.work_dir or default
    return config


def find_config(name: str) -> Path:
    """Find a config file.

    Args:
        name (str): The path of a file, or the file name of a recipe of this package,
            as accepted by MIM.

    Returns:
        Path: The path of the file.

    Raises:
        FileNotFoundError: If there is neither such a file nor such a recipe.
        ValueError: If several recipes have this name.
    """
    if Path(name).is_file():
        return Path(name)
    recipes = sorted(recipe_folder().rglob('*.py'))
    found = [recipe for recipe in recipes if recipe.name == name]
    if len(found) > 1:
        raise ValueError(
            f'{name!r} is the name of more than one recipe; give the path of one of '
            f'{[str(recipe) for recipe in found]}.'
        )
    if not found:
        similar = get_close_matches(name, [recipe.name for recipe in recipes])
        raise FileNotFoundError(
            f'{name!r} is neither a file nor a recipe of classroomkd_mm. '
            f'Similar recipes: {similar or "none"}. All recipes are in '
            f'{recipe_folder()}.'
        )
    return found[0]


def recipe_folder() -> Path:
    """Find the folder of the recipes, in an installation or in a clone.

    Returns:
        Path: The folder ``configs``.
    """
    package = Path(__file__).resolve().parent
    installed = package / '.mim' / 'configs'
    return installed if installed.is_dir() else package.parent / 'configs'
