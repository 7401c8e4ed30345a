# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A folder with the entries of all mentors for the views of one data set."""

import json
import logging
import os
import uuid
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from mmengine.logging import print_log

from ...fingerprints import differences
from .identity import comparable, files_of, folder_name, with_missing_files
from .options import CacheOptions
from .store import MANIFEST, Store, explained, read_manifest, write_json

CACHE_MANIFEST = 'cache.json'
FORMAT = 1
SHOWN = 5


class MentorCache:
    """A folder with a manifest, ``cache.json``, and a folder for each mentor.

    Args:
        options (CacheOptions): What the config says.

    Raises:
        ValueError: If the path is no cache, or one with other options.
    """

    def __init__(self, options: CacheOptions) -> None:
        self.options = options
        self.path = options.path
        self._check_path()
        manifest = self._read()
        if manifest is not None:
            then = {key: manifest.get(key) for key in options.described()}
            self._refuse_other(then, options.described())

    def bind(self, dataset: Mapping[str, Any]) -> None:
        """Check that the cache is of a data set; a new one becomes so.

        Args:
            dataset (Mapping): What :func:`dataset_identity` returned.

        Raises:
            ValueError: If it is of other samples, or another pipeline.
            OSError: If it cannot be written.
        """
        now = {'format': FORMAT, **self.options.described(), **dataset}
        if self._read() is None:
            self._create(now)
        self._refuse_other(self._read(), now)

    def find(self, identity: Mapping[str, Any]) -> Store | None:
        """Find the entries of a mentor.

        Args:
            identity (Mapping): What :func:`mentor_identity` returned.

        Returns:
            Store | None: None if there are none of this very mentor; then it is said
            in the log how those of the same name differ.

        Raises:
            ValueError: If its folder is damaged.
        """
        others = []
        for folder, manifest in self._manifests.items():
            stored = manifest['identity']
            if stored['name'] != identity['name']:
                continue
            now = with_missing_files(identity, stored)
            changes = differences(comparable(stored), comparable(now))
            if not changes:
                return Store(self.path / folder)
            others.append(f'{folder} ({"; ".join(changes[:SHOWN])})')
        if others:
            print_log(
                f'Mentor {identity["name"]!r} is not the one in the mentor cache '
                f'{self.path}, and runs again, into a folder of its own. There are: '
                f'{", ".join(others)}. Delete folders that are not needed any more.',
                logger='current',
                level=logging.WARNING,
            )
        return None

    def folder(self, identity: Mapping[str, Any]) -> Path:
        """Tell where the entries of a mentor belong.

        Args:
            identity (Mapping): What :func:`mentor_identity` returned.

        Returns:
            Path: The folder.
        """
        return self.path / folder_name(identity)

    @property
    def known_files(self) -> dict[str, Mapping[str, Any]]:
        """dict: What is recorded of files of weights, by path."""
        known = {}
        for manifest in self._manifests.values():
            known |= files_of(manifest['identity'])
        return known

    @cached_property
    def _manifests(self) -> dict[str, dict[str, Any]]:
        """Those of all mentors that are there at the start, by folder."""
        paths = sorted(self.path.glob(f'[!.]*/{MANIFEST}'))
        return {path.parent.name: read_manifest(path.parent) for path in paths}

    def _check_path(self) -> None:
        """Refuse a path that leads to something else."""
        if self.path.exists() and not self.path.is_dir():
            raise ValueError(
                f'mentor_cache: path={str(self.path)!r} is a file. Give a folder.'
            )
        if self._read() is None and self.path.is_dir() and any(self.path.glob('[!.]*')):
            raise ValueError(
                f'mentor_cache: path={str(self.path)!r} has files in it, but no '
                f'{CACHE_MANIFEST}: it is no mentor cache. Give another folder, or a '
                'new one.'
            )

    def _read(self) -> dict[str, Any] | None:
        """Read the manifest; None if there is none."""
        file = self.path / CACHE_MANIFEST
        try:
            manifest = json.loads(file.read_text(encoding='utf-8'))
            if manifest['format'] == FORMAT:
                return manifest
            reason = f'its format is {manifest["format"]}, not {FORMAT}'
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = repr(error)
        raise ValueError(
            f'{file} is not the manifest of a mentor cache ({reason}). Give another '
            '`path`, or delete the folder.'
        )

    def _create(self, manifest: Mapping[str, Any]) -> None:
        """Write the manifest, whole, unless another process has just done so."""
        draft = self.path / f'.{CACHE_MANIFEST}-{uuid.uuid4().hex}'
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write_json(draft, dict(manifest))
            try:
                os.link(draft, self.path / CACHE_MANIFEST)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        except OSError as error:
            raise explained(error, self.path) from error

    def _refuse_other(self, then: Any, now: Mapping[str, Any]) -> None:
        """Refuse a cache of something else."""
        changes = differences(then, dict(now))
        if changes:
            more = len(changes) - SHOWN
            raise ValueError(
                f'The mentor cache {self.path} is of other views than this run: '
                f'{"; ".join(changes[:SHOWN])}'
                + (f'; and {more} more' if more > 0 else '')
                + '. Restore these, or give mentor_cache another `path`.'
            )
