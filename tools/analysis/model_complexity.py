# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Count the parameters and FLOPs of networks, as a table in Markdown.

`mim run classroomkd_mm model_complexity configs/_base_/models/cifar` counts the model
of every config in a folder. Of a classroom, it counts the student.
"""

import argparse
import re
from pathlib import Path

from mmengine.analysis import get_model_complexity_info
from mmengine.config import Config
from mmengine.logging import MMLogger


def parse_args() -> argparse.Namespace:
    """Read the command line.

    Returns:
        Namespace: ``configs`` (paths) and ``size`` (pixels).
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('configs', nargs='+', type=Path, help='config files or folders')
    parser.add_argument(
        '--size', type=int, default=32, help='input height and width (default: 32)'
    )
    return parser.parse_args()


def main() -> None:
    """Print the table.

    Raises:
        FileNotFoundError: If there is no config.
    """
    args = parse_args()
    print('| network | parameters | FLOPs |\n|---|---:|---:|')
    for file in find_configs(args.configs):
        parameters, flops = count(file, args.size)
        name = file.stem.split('_1xb')[0]
        print(f'| {name} | {parameters / 1e6:.3f} M | {flops / 1e6:.1f} M |')


def find_configs(paths: list[Path]) -> list[Path]:
    """List config files, and those in folders.

    Args:
        paths (list[Path]): Files and folders.

    Returns:
        list[Path]: The files, those of a folder in natural order.

    Raises:
        FileNotFoundError: If a path contains no config.
    """
    files = []
    for path in paths:
        found = sorted(path.glob('*.py'), key=_natural) if path.is_dir() else [path]
        if not found or not found[0].is_file():
            raise FileNotFoundError(f'There is no config at {path}.')
        files += found
    return files


def _natural(path: Path) -> list[str | int]:
    """Sort resnet8 before resnet14."""
    parts = re.split(r'(\d+)', path.stem)
    return [int(part) if part.isdigit() else part for part in parts]


def count(file: Path, size: int) -> tuple[int, int]:
    """Count one network.

    Args:
        file (Path): Its config.
        size (int): Height and width of the input, in pixels.

    Returns:
        tuple[int, int]: Number of weights, and FLOPs per image; a multiply-add counts
        as one.
    """
    import classroomkd_mm  # noqa: F401  registers the networks
    from classroomkd_mm.models.algorithms import student_config
    from classroomkd_mm.networks import build_network

    cfg = student_config(Config.fromfile(file))
    model = dict(cfg.model.to_dict(), _scope_=cfg.get('default_scope', 'mmpretrain'))
    network = build_network(model).eval()
    # Hides a warning for each layer without FLOPs.
    MMLogger.get_current_instance().setLevel('ERROR')
    counted = get_model_complexity_info(network, (3, size, size), show_table=False)
    return sum(p.numel() for p in network.parameters()), counted['flops']


if __name__ == '__main__':
    main()
