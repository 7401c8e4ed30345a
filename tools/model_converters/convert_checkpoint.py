# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Convert a CIFAR checkpoint of the CRD benchmark to one that MMPretrain loads.

The CRD benchmark publishes its networks as ``{'model': state_dict, 'epoch': ...}``,
with its own layer names. ``mim run classroomkd_mm convert_checkpoint IN OUT``
recognises the architecture, and writes the weights in float32 with the layer names of
this package's backbones.
"""

import argparse
import sys
from pathlib import Path


def parse_args() -> argparse.Namespace:
    """Read the command line.

    Returns:
        Namespace: ``source`` (path or URL) and ``target`` (path).
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('source', help='path or URL of the published checkpoint')
    parser.add_argument('target', type=Path, help='path of the converted checkpoint')
    return parser.parse_args()


def convert(source: str, target: Path) -> str:
    """Convert one file.

    Args:
        source (str): Path or URL of the published checkpoint.
        target (Path): The checkpoint to write; its folder is created.

    Returns:
        str: The name of the architecture.

    Raises:
        OSError: If there is no such checkpoint, or the target cannot be written.
        ValueError: If the file is damaged or is no published CIFAR network.
    """
    import torch

    from classroomkd_mm.atomic_files import written_whole
    from classroomkd_mm.mentors.weights.crd import convert_published
    from classroomkd_mm.mentors.weights.reading import read_checkpoint
    from classroomkd_mm.mentors.weights.search import find_published

    mentor = Path(source).stem
    found = find_published(read_checkpoint(source, mentor), mentor, source)
    name, state_dict = convert_published(found.weights)
    meta = dict(architecture=name, source=Path(source).name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(target, 'wb') as file:
        torch.save(dict(state_dict=state_dict, meta=meta), file)
    return name


def main() -> None:
    """Convert, and print the architecture."""
    args = parse_args()
    try:
        name = convert(args.source, args.target)
    except (OSError, ValueError) as error:
        sys.exit(f'convert_checkpoint: {error}')
    print(f'{args.source} is {name}; converted to {args.target}')


if __name__ == '__main__':
    main()
