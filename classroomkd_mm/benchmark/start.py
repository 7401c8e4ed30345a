# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The weights that the runs of a seed start from."""

from pathlib import Path

import torch
from mmengine.config import Config

from ..atomic_files import written_whole


def write_start(config: Path, checkpoint: Path) -> None:
    """Initialise a student, and save it, whole or not at all.

    Methods whose losses have weights of their own draw more random numbers than
    others, so each run loads what its seed starts from.

    Args:
        config (Path): The config of a training of the student alone, with a seed.
        checkpoint (Path): The file to write. It is left alone if it exists.
    """
    if checkpoint.is_file():
        return
    # Here, since they take seconds.
    from mmengine.logging import MMLogger
    from mmengine.registry import init_default_scope
    from mmengine.runner import set_random_seed

    from ..networks import build_network

    # Otherwise each tensor is printed with the way in which it was initialised.
    if not MMLogger.check_instance_created('start'):
        MMLogger.get_instance('start', log_level='WARNING')
    cfg = Config.fromfile(config)
    init_default_scope(cfg.default_scope)
    set_random_seed(cfg.randomness.seed)
    student = build_network(dict(cfg_path=str(config)))
    student.init_weights()
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(checkpoint, 'wb', is_shared=True) as file:
        torch.save(dict(state_dict=student.state_dict()), file)
