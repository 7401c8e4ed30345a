# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Writing files that are never seen half written."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any


@contextmanager
def written_whole(
    path: str | Path, mode: str = 'w', *, is_shared: bool = False, **options: Any
) -> Iterator[IO]:
    """Open a file that takes the place of another one when it is whole.

    The content goes to a draft in the same folder, is flushed to the disk, and is
    renamed at the end. Whatever happens before, a killed process included, leaves the
    earlier file as it was. A draft that a killed process has left is overwritten by the
    next one.

    Args:
        path (str | Path): The file. Its folder exists; where a link leads is written.
        mode (str): ``'w'`` or ``'wb'``. Defaults to ``'w'``.
        is_shared (bool): Whether several processes may write it at once. Each has a
            draft of its own then, which stays if the process is killed. Defaults to
            False.
        **options: Further arguments of ``open``.

    Yields:
        IO: The draft, open for writing.

    Raises:
        OSError: If it cannot be written; the earlier file is unchanged.

    Examples:
        >>> with written_whole('weights.pth', 'wb') as file:
        ...     torch.save(weights, file)
    """
    path = Path(os.path.realpath(path))
    own = f'.{uuid.uuid4().hex}' if is_shared else ''
    draft = path.with_name(f'.{path.name}{own}.draft')
    try:
        with open(draft, mode, **options) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Have the new name on the disk too, where the file system can do that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
