# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The entries of one mentor on disk."""

import errno
import json
import os
import shutil
import uuid
import zlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .entry_form import EntryForm

MANIFEST = 'mentor.json'
ENTRIES = 'entries.npy'
CHECKSUMS = 'checksums.npy'
ALIGNER = 'aligner.pt'
NO_SPACE = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


class Store:
    """A folder with the entries of one mentor, and a checksum for each that is there.

    An entry whose checksum does not fit it is absent, so that one is whole or absent
    whoever is killed in writing it. Processes may write the same entries at the same
    time: they write the same values. The folder appears with all its files, and their
    space, at once.

    Args:
        folder (Path): The folder.

    Raises:
        ValueError: If its files are truncated, damaged or foreign.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = read_manifest(folder)
        self.form = EntryForm.from_json(self.manifest['form'])
        self._arrays  # noqa: B018, to check them

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the mapped files, which another process maps itself."""
        mapped = ('_arrays', '_memory')
        return {key: value for key, value in vars(self).items() if key not in mapped}

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
        size = num_entries * (form.record.itemsize + 4)
        draft = folder.parent / f'.{folder.name}-{uuid.uuid4().hex}'
        try:
            try:
                draft.mkdir()
                _allocate(draft / ENTRIES, form.record, num_entries)
                _allocate(draft / CHECKSUMS, np.dtype('uint32'), num_entries)
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
        return len(self._arrays[1])

    @property
    def size(self) -> int:
        """int: What they take, in bytes."""
        return sum(array.nbytes for array in self._arrays)

    @property
    def filled(self) -> np.ndarray:
        """np.ndarray: Bool (num_entries,), which entries are there."""
        return np.array(self._arrays[1]) != 0

    @property
    def complete(self) -> bool:
        """bool: Whether all entries are there."""
        return bool(self._arrays[1].all())

    def read(self, entry: int) -> bytes | None:
        """Read an entry.

        Args:
            entry (int): Its number.

        Returns:
            bytes | None: As it is on disk; None if it is not there, or not whole.
        """
        entries, checksums = self._memory
        wanted = checksums[entry]
        if not wanted:
            return None
        size = self.form.record.itemsize
        packed = bytes(entries[entry * size : (entry + 1) * size])
        return packed if wanted == checksum(packed) else None

    def write(self, numbers: Sequence[int], packed: np.ndarray) -> None:
        """Write entries and their checksums.

        Args:
            numbers (Sequence[int]): N numbers.
            packed (np.ndarray): (N,), of the type of the form's record.

        Raises:
            OSError: If the disk is read-only.
        """
        checksums = np.array([checksum(entry.tobytes()) for entry in packed], np.uint32)
        for name, array, values in zip(
            (ENTRIES, CHECKSUMS), self._arrays, (packed, checksums), strict=True
        ):
            # Not through the mapped file: what another machine writes to the same
            # page of a file on a network must stay.
            try:
                with (self.folder / name).open('r+b', buffering=0) as file:
                    for number, value in zip(numbers, values, strict=True):
                        place = array.offset + number * array.itemsize
                        os.pwrite(file.fileno(), value.tobytes(), place)
            except OSError as error:
                raise explained(error, self.folder) from error

    def aligner(self) -> dict[str, Tensor]:
        """Read the state dict of the mentor's aligner.

        Returns:
            dict[str, Tensor]: Its buffers; empty if the mentor has none.
        """
        return torch.load(self.folder / ALIGNER, 'cpu', weights_only=True)

    @cached_property
    def _arrays(self) -> tuple[np.memmap, np.memmap]:
        """The mapped entries and checksums."""
        try:
            entries, checksums = (
                np.lib.format.open_memmap(self.folder / name, mode='r')
                for name in (ENTRIES, CHECKSUMS)
            )
        except FileNotFoundError as error:
            raise self._damaged(f'{error.filename} is missing') from error
        except ValueError as error:
            what = f'a file is truncated or foreign ({error})'
            raise self._damaged(what) from error
        if entries.dtype != self.form.record or checksums.dtype != np.uint32:
            raise self._damaged('its arrays have other types than its manifest')
        if entries.shape != checksums.shape or entries.ndim != 1:
            raise self._damaged('its arrays differ in length')
        return entries, checksums

    @cached_property
    def _memory(self) -> tuple[memoryview, memoryview]:
        """The bytes of the entries, and the checksums: read faster than as arrays."""
        entries, checksums = self._arrays
        return memoryview(entries.view(np.uint8)), memoryview(checksums)

    def _damaged(self, what: str) -> ValueError:
        return ValueError(
            f'{self.folder} holds no entries that can be used: {what}. Delete this '
            'folder; its mentor is then run again.'
        )


def checksum(packed: bytes) -> int:
    """Sum up an entry.

    Args:
        packed (bytes): The entry.

    Returns:
        int: From 1 to 2^32 - 1; 0 stands for an entry that is not there.
    """
    return zlib.crc32(packed) or 1


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
