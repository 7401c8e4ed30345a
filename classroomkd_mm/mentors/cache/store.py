# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The entries of one mentor on disk."""

import errno
import json
import os
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .entry_form import EntryForm

MANIFEST = 'mentor.json'
ENTRIES = 'entries.npy'
FILLED = 'filled.npy'
ALIGNER = 'aligner.pt'
NO_SPACE = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


class Store:
    """A folder with the entries of one mentor, and a byte for each that is there.

    An entry is on disk before its byte is set, so that a killed process leaves it
    whole or absent. Processes may write the same entries at the same time: they write
    the same values. The folder appears with all its files, and their space, at once.

    Args:
        folder (Path): The folder.

    Raises:
        ValueError: If its files are truncated, damaged or foreign.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = read_manifest(folder)
        self.form = EntryForm.from_json(self.manifest['form'])
        self._arrays: dict[bool, tuple[np.ndarray, np.ndarray]] = {}
        self._open(writable=False)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the mapped files, which another process maps itself."""
        return {**vars(self), '_arrays': {}}

    @classmethod
    def create(
        cls,
        folder: Path,
        form: EntryForm,
        num_entries: int,
        manifest: dict[str, Any],
        aligner: dict[str, Tensor],
    ) -> 'Store':
        """Make the folder with all its space, unless it is there already.

        Args:
            folder (Path): The folder, whose parent exists.
            form (EntryForm): The layout of the entries.
            num_entries (int): How many there will be.
            manifest (dict): What identifies the mentor.
            aligner (dict[str, Tensor]): The state dict of its aligner.

        Returns:
            Store: The store.

        Raises:
            OSError: If the disk is full or read-only.
        """
        if folder.exists():
            return cls(folder)
        size = num_entries * form.record.itemsize
        draft = folder.parent / f'.{folder.name}-{uuid.uuid4().hex}'
        try:
            try:
                draft.mkdir()
                _allocate(draft / ENTRIES, form.record, num_entries)
                _allocate(draft / FILLED, np.dtype('uint8'), num_entries)
                torch.save(aligner, draft / ALIGNER)
                write_json(draft / MANIFEST, {**manifest, 'form': form.to_json()})
                draft.rename(folder)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise explained(error, folder.parent, size) from error
        return cls(folder)

    @property
    def num_entries(self) -> int:
        """int: How many there are when all are."""
        return len(self._open(writable=False)[1])

    @property
    def filled(self) -> np.ndarray:
        """np.ndarray: Bool (num_entries,), which entries are there."""
        return self._open(writable=False)[1].astype(bool)

    @property
    def complete(self) -> bool:
        """bool: Whether all entries are there."""
        return bool(self._open(writable=False)[1].all())

    def read(self, entry: int) -> np.ndarray | None:
        """Read an entry.

        Args:
            entry (int): Its number.

        Returns:
            np.ndarray | None: (), packed; None if it is not there.
        """
        entries, filled = self._open(writable=False)
        return np.array(entries[entry]) if filled[entry] else None

    def write(self, numbers: Sequence[int], packed: np.ndarray) -> None:
        """Write entries, and then that they are there.

        Args:
            numbers (Sequence[int]): N numbers.
            packed (np.ndarray): (N,), of the type of the form's record.
        """
        entries, filled = self._open(writable=True)
        entries[numbers] = packed
        entries.flush()
        filled[numbers] = 1

    def aligner(self) -> dict[str, Tensor]:
        """Read the state dict of the mentor's aligner.

        Returns:
            dict[str, Tensor]: Its buffers; empty if the mentor has none.
        """
        return torch.load(self.folder / ALIGNER, 'cpu', weights_only=True)

    def _open(self, writable: bool) -> tuple[np.ndarray, np.ndarray]:
        """Map entries and bytes; the first time, check them."""
        if writable not in self._arrays:
            mode = 'r+' if writable else 'r'
            try:
                arrays = tuple(
                    np.lib.format.open_memmap(self.folder / name, mode=mode)
                    for name in (ENTRIES, FILLED)
                )
            except FileNotFoundError as error:
                raise self._damaged(f'{error.filename} is missing') from error
            except ValueError as error:
                what = f'a file is truncated or foreign ({error})'
                raise self._damaged(what) from error
            except OSError as error:
                raise explained(error, self.folder) from error
            entries, filled = arrays
            if entries.dtype != self.form.record or filled.dtype != np.uint8:
                raise self._damaged('its arrays have other types than its manifest')
            if entries.shape != filled.shape or entries.ndim != 1:
                raise self._damaged('its arrays differ in length')
            self._arrays[writable] = entries, filled
        return self._arrays[writable]

    def _damaged(self, what: str) -> ValueError:
        return ValueError(
            f'{self.folder} holds no entries that can be used: {what}. Delete this '
            'folder; its mentor is then run again.'
        )


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a manifest.

    Args:
        path (Path): The file.
        content (dict): Plain values.
    """
    path.write_text(json.dumps(content, indent=2) + '\n', encoding='utf-8')


def explained(error: OSError, folder: Path, size: int = 0) -> OSError:
    """Say of a failure to write what it means for a cache.

    Args:
        error (OSError): The failure.
        folder (Path): Where it was.
        size (int): The bytes that were needed.

    Returns:
        OSError: Of the same kind, with a message.
    """
    if error.errno in NO_SPACE:
        there = next(path for path in (folder, *folder.parents) if path.exists())
        message = (
            f'The mentor cache needs {size / 1e6:,.1f} MB in {folder} for one mentor, '
            f'but there are {shutil.disk_usage(there).free / 1e6:,.1f} MB. Free some, '
            'take another `path`, fewer `num_views`, or `topk`. What was there is '
            'unchanged.'
        )
    else:
        message = (
            f'The mentor cache cannot write to {folder} ({error.strerror}): give '
            'another `path`, or the right to write there. A complete cache can be '
            'read-only.'
        )
    return OSError(error.errno, message)


def _allocate(path: Path, dtype: np.dtype, length: int) -> None:
    """Make an array of zeros whose space on the disk is taken already."""
    header = dict(
        descr=np.lib.format.dtype_to_descr(dtype), fortran_order=False, shape=(length,)
    )
    with path.open('wb') as file:
        np.lib.format.write_array_header_2_0(file, header)
        file.flush()
        size = length * dtype.itemsize
        if hasattr(os, 'posix_fallocate'):
            os.posix_fallocate(file.fileno(), file.tell(), size)
        else:  # macOS
            if size > shutil.disk_usage(path.parent).free:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            file.truncate(file.tell() + size)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read the manifest of a store.

    Args:
        folder (Path): The store's folder.

    Returns:
        dict: ``identity``, ``source``, ``sha256`` and ``form``.

    Raises:
        ValueError: If there is none, or it is something else.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding='utf-8'))
        EntryForm.from_json(manifest['form'])
        manifest['identity']['name'], manifest['identity']['weights'].items()
        return manifest
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f'{folder / MANIFEST} cannot be read ({error}). Delete this folder; its '
            'mentor is then run again.'
        ) from error
