# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Checkpoints of MMEngine that are whole, and of which one is always there.

MMEngine 0.10 opens a checkpoint, and the file ``last_checkpoint`` that names it, where
they stand and writes into them. A run that is killed meanwhile leaves a part of a file,
which `--resume` picks. With ``max_keep_ckpts`` it also deletes the previous checkpoint
before it writes the next one.
"""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from ..atomic_files import written_whole


def write_whole_files() -> None:
    """Let MMEngine's backend for local files write aside, flush and rename."""
    backend = sys.modules['mmengine.fileio.backends.local_backend'].LocalBackend

    def put(self: Any, obj: bytes, filepath: str | Path) -> None:
        Path(filepath).parent.mkdir(parents=True, exist_ok=True)
        with written_whole(filepath, 'wb') as file:
            file.write(obj)

    def put_text(
        self: Any, obj: str, filepath: str | Path, encoding: str = 'utf-8'
    ) -> None:
        put(self, obj.encode(encoding), filepath)

    backend.put = wraps(backend.put)(put)
    backend.put_text = wraps(backend.put_text)(put_text)


def keep_until_saved() -> None:
    """Let CheckpointHook delete a checkpoint only when the next one is there.

    ``last_checkpoint`` is written last, and as a whole.
    """
    module = sys.modules['mmengine.hooks.checkpoint_hook']
    module.open = written_whole  # for `last_checkpoint`, all that the module opens
    hook = module.CheckpointHook
    for name in ('_save_checkpoint_with_step', '_save_best_checkpoint'):
        setattr(hook, name, _deleting_later(getattr(hook, name)))


def _deleting_later(save: Callable) -> Callable:
    """Make a method of CheckpointHook delete files after it has written others."""

    @wraps(save)
    def save_then_delete(self: Any, *args: Any, **options: Any) -> None:
        if not hasattr(self, 'file_backend'):  # a validation without training
            return save(self, *args, **options)
        backend = self.file_backend
        self.file_backend = later = _DeletesLater(backend)
        try:
            save(self, *args, **options)
        finally:
            self.file_backend = backend
        best = getattr(self, 'best_ckpt_path_dict', {})
        written = {self.last_ckpt, getattr(self, 'best_ckpt_path', None)}
        later.delete(written.union(best.values()))

    return save_then_delete


class _DeletesLater:
    """A storage backend that keeps for now what it is asked to delete."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self._deletions: list[tuple[str, str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def remove(self, path: str) -> None:
        self._deletions.append(('remove', path))

    def rmtree(self, path: str) -> None:
        self._deletions.append(('rmtree', path))

    def delete(self, written: set[str | None]) -> None:
        """Delete it now, but nothing that was written since."""
        for kind, path in self._deletions:
            if path not in written:
                getattr(self._backend, kind)(path)
