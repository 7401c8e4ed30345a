# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Entries are whole or absent, whoever writes, is killed, or runs out of space."""

import errno
import os
import pickle
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from classroomkd_mm.mentors.cache import CacheOptions, Store
from classroomkd_mm.mentors.cache.entry_form import EntryForm

OPTIONS = CacheOptions.parse(dict(path='x', num_views=1))
OUTPUT = torch.arange(12.0).view(4, 3)
FORM = EntryForm.of(OUTPUT, OPTIONS, 'm')
MANIFEST = dict(identity=dict(name='m', weights={}), source='here', sha256='0')


def make(path, entries=8):
    return Store.create(path / 'm', FORM, entries, MANIFEST, dict(taught=torch.ones(2)))


def test_entries_are_absent_until_they_are_written(tmp_path):
    store = make(tmp_path)
    assert store.read(2) is None
    store.write([5, 2], FORM.pack(OUTPUT[:2], 'm'))
    again = pickle.loads(pickle.dumps(Store(tmp_path / 'm')))
    values = FORM.unpack([again.read(5), again.read(2)], 'cpu')
    assert torch.equal(values, OUTPUT[:2])
    assert again.filled.nonzero()[0].tolist() == [2, 5]
    assert not again.complete
    store.write([0, 1, 3, 4, 6, 7], FORM.pack(OUTPUT[[0] * 6], 'm'))
    assert again.complete  # which has the same file mapped
    assert torch.equal(again.aligner()['taught'], torch.ones(2))


def test_a_pickle_has_no_entries_in_it(tmp_path):
    assert len(pickle.dumps(make(tmp_path, 100_000))) < 5_000


def test_the_space_is_taken_at_once(tmp_path):
    make(tmp_path, 100_000)
    blocks = (tmp_path / 'm' / 'entries.npy').stat().st_blocks
    assert blocks * 512 >= 100_000 * 3 * 2


def test_the_second_to_create_takes_what_is_there(tmp_path):
    make(tmp_path).write([1], FORM.pack(OUTPUT[:1], 'm'))
    assert make(tmp_path).filled.sum() == 1
    assert [path.name for path in tmp_path.iterdir()] == ['m']


@pytest.mark.parametrize('code', [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_an_error_with_the_size(tmp_path, monkeypatch, code):
    other = make(tmp_path)
    other.write([1], FORM.pack(OUTPUT[:1], 'm'))

    def full(*_):
        raise OSError(code, 'full')

    monkeypatch.setattr(os, 'posix_fallocate', full)
    with pytest.raises(OSError, match=r'needs 1\.0 MB in .* but there are [\d,.]+ MB'):
        Store.create(tmp_path / 'n', FORM, 100_000, MANIFEST, {})
    assert [path.name for path in tmp_path.iterdir()] == ['m']
    assert other.read(1) is not None


def test_more_than_any_disk_holds(tmp_path):
    with pytest.raises(OSError, match='needs 100,000,000'):
        make(tmp_path, 10**13)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    def read_only(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, 'mkdir', read_only)
    with pytest.raises(OSError, match=r'cannot write to .*Read-only file system'):
        make(tmp_path)


def test_a_complete_store_can_be_read_only(tmp_path, monkeypatch):
    store = make(tmp_path, 4)
    store.write(range(4), FORM.pack(OUTPUT, 'm'))
    opened = []
    wanted = np.lib.format.open_memmap
    monkeypatch.setattr(
        np.lib.format,
        'open_memmap',
        lambda path, mode: opened.append(mode) or wanted(path, mode=mode),
    )
    assert Store(tmp_path / 'm').read(3) is not None
    assert opened == ['r', 'r']


def test_an_entry_that_is_not_whole_is_absent(tmp_path):
    store = make(tmp_path)
    store.write([1, 2], FORM.pack(OUTPUT[:2], 'm'))
    with (tmp_path / 'm' / 'entries.npy').open('r+b') as file:
        file.seek(-1 - 5 * FORM.record.itemsize, os.SEEK_END)  # the last byte of 2
        file.write(b'x')
    assert store.read(1) is not None
    assert store.read(2) is None
    store.write([2], FORM.pack(OUTPUT[:1], 'm'))
    assert store.read(2) is not None


def test_an_entry_of_zeros_is_there(tmp_path):
    store = make(tmp_path)
    store.write([3], FORM.pack(OUTPUT[:1] * 0, 'm'))
    assert store.read(3) is not None


@pytest.mark.parametrize('name', ['entries.npy', 'checksums.npy'])
@pytest.mark.parametrize(
    'damage',
    [
        lambda path: os.truncate(path, path.stat().st_size - 3),
        lambda path: os.truncate(path, 0),
        lambda path: path.write_text('something else'),
        lambda path: np.save(path, np.zeros(8)),
        lambda path: np.save(path, np.zeros(7, FORM.record)),
        lambda path: path.unlink(),
    ],
)
def test_damaged_files_are_refused(tmp_path, name, damage):
    make(tmp_path)
    damage(tmp_path / 'm' / name)
    with pytest.raises(ValueError, match=r'm holds no entries that can be used: .*Del'):
        Store(tmp_path / 'm')


@pytest.mark.parametrize('text', ['', '[]', '{"form": {}}', '{"form": 3}'])
def test_a_damaged_manifest_is_refused(tmp_path, text):
    make(tmp_path)
    (tmp_path / 'm' / 'mentor.json').write_text(text)
    with pytest.raises(ValueError, match=r'mentor\.json cannot be read'):
        Store(tmp_path / 'm')


WRITER = """
import sys, torch
from pathlib import Path
from classroomkd_mm.mentors.cache import Store
store = Store(Path(sys.argv[1]))
print('go', flush=True)
while True:
    for entry in range(store.num_entries):
        output = torch.full((1, 3), float(entry))
        store.write([entry], store.form.pack(output, 'm'))
"""


@pytest.mark.slow
def test_killed_writers_leave_entries_whole_or_absent(tmp_path):
    make(tmp_path, 2000)
    command = [sys.executable, '-c', WRITER, str(tmp_path / 'm')]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    for writer in writers:
        writer.stdout.readline()
    time.sleep(0.3)
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    store = Store(tmp_path / 'm')
    assert 0 < store.filled.sum()
    for entry in range(2000):
        packed = store.read(entry)
        if packed is not None:
            values = FORM.unpack([packed], 'cpu')
            assert torch.equal(values, torch.full((1, 3), float(entry)).half().float())
