# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A file that is interrupted while it is written is never read, and loses nothing."""

import builtins
import importlib
import io
import os
import signal

import pytest
import torch

from classroomkd_mm.atomic_files import written_whole

STAGES = ('open', 'write', 'fsync', 'replace')


@pytest.fixture(scope='module')
def runs():
    """The module killed_runs."""
    return importlib.import_module('killed_runs')


def break_at(patch, stage, name, action, spared=0):
    """Let something happen where a file of some name is written, after some times."""
    opened, fsync, replace = open, os.fsync, os.replace
    left = [spared]

    def concerns(path):
        return os.path.basename(str(path)).startswith(f'.{name}')

    def reach(now, path):
        if now == stage and concerns(path):
            left[0] -= 1
            if left[0] < 0:
                action()

    class HalfWritten:
        def __init__(self, file, path):
            self.file, self.path = file, path

        def __getattr__(self, attribute):
            return getattr(self.file, attribute)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.file.close()

        def write(self, content):
            half = len(content) // 2
            self.file.write(content[:half])
            self.file.flush()
            reach('write', self.path)
            self.file.write(content[half:])

    def open_file(path, *args, **kwargs):
        if not concerns(path):
            return opened(path, *args, **kwargs)
        reach('open', path)
        return HalfWritten(opened(path, *args, **kwargs), path)

    def flush(descriptor):
        reach('fsync', os.readlink(f'/proc/self/fd/{descriptor}'))
        return fsync(descriptor)

    def rename(source, target):
        reach('replace', source)
        return replace(source, target)

    patch.setattr(builtins, 'open', open_file)
    patch.setattr(os, 'fsync', flush)
    patch.setattr(os, 'replace', rename)


def full_disk():
    raise OSError(28, 'No space left on device')


def write(path, text):
    with written_whole(path, encoding='utf-8') as file:
        file.write(text)


def test_two_processes_may_write_a_shared_file_at_once(tmp_path):
    path = tmp_path / 'file'
    with written_whole(path, is_shared=True) as first:
        with written_whole(path, is_shared=True) as second:
            second.write('whole')
        first.write('wh')
        assert path.read_text() == 'whole'
        first.write('ole')
    assert path.read_text() == 'whole'
    assert os.listdir(tmp_path) == ['file']


@pytest.mark.parametrize('stage', STAGES)
def test_an_error_leaves_the_earlier_file_and_nothing_else(
    tmp_path, monkeypatch, stage
):
    path = tmp_path / 'file'
    write(path, 'earlier')
    with monkeypatch.context() as patch:
        break_at(patch, stage, 'file', full_disk)
        with pytest.raises(OSError, match='No space left'):
            write(path, 'later')
    assert path.read_text() == 'earlier'
    assert os.listdir(tmp_path) == ['file']
    write(path, 'later')
    assert path.read_text() == 'later'


@pytest.mark.parametrize('stage', STAGES)
def test_a_kill_leaves_the_earlier_file(tmp_path, monkeypatch, runs, stage):
    path = tmp_path / 'file'
    write(path, 'earlier')
    with monkeypatch.context() as patch:
        break_at(patch, stage, 'file', runs.die)
        assert runs.exit_code(write, path, 'later') == -signal.SIGKILL
    assert path.read_text() == 'earlier'
    write(path, 'later')  # over what the killed process has left
    assert path.read_text() == 'later'
    assert os.listdir(tmp_path) == ['file']


def test_rights_and_links_are_kept(tmp_path):
    (tmp_path / 'folder').mkdir()
    link = tmp_path / 'link'
    link.symlink_to(tmp_path / 'folder' / 'file')
    write(link, 'text')
    assert link.is_symlink()
    assert (tmp_path / 'folder' / 'file').read_text() == 'text'
    plain = tmp_path / 'plain'
    plain.write_text('')
    assert link.stat().st_mode == plain.stat().st_mode


# MMEngine's files ---------------------------------------------------------------


def test_mmengine_writes_through_it(tmp_path, monkeypatch, runs):
    from mmengine.fileio import dump, put_text

    dump(dict(a=1), tmp_path / 'new folder' / 'a.json')
    put_text('text', tmp_path / 'a.txt')
    for name in ('new folder/a.json', 'a.txt'):
        before = (tmp_path / name).read_bytes()
        with monkeypatch.context() as patch:
            break_at(patch, 'replace', os.path.basename(name), full_disk)
            with pytest.raises(OSError, match='No space left'):
                put_text('more', tmp_path / name)
        assert (tmp_path / name).read_bytes() == before


def options(runs, tiny, **checkpoints):
    cfg = dict(by_epoch=False, max_iters=9)
    save = dict(type='CheckpointHook', interval=3, by_epoch=False, **checkpoints)
    plain = runs.everything(tiny.build_classroom, by_epoch=False, workers=0)
    unused = ('val_dataloader', 'val_cfg', 'val_evaluator')
    plain = {name: value for name, value in plain.items() if name not in unused}
    return plain | dict(train_cfg=cfg, default_hooks=dict(checkpoint=save))


def test_the_best_checkpoint_is_deleted_when_a_better_one_is_there(
    tiny, tmp_path, monkeypatch
):
    from mmengine.evaluator import BaseMetric, Evaluator

    class Rising(BaseMetric):
        value = 0

        def process(self, data_batch, data_samples):
            self.results.append(0)

        def compute_metrics(self, results):
            Rising.value += 1
            return dict(value=Rising.value)

    there, replace = [], os.replace

    def rename(source, target):
        there.append(sorted(path.name for path in tmp_path.glob('best_*.pth')))
        return replace(source, target)

    monkeypatch.setattr(os, 'replace', rename)
    saves = dict(type='CheckpointHook', interval=1, save_best='value', rule='greater')
    tiny.run(
        tmp_path,
        epochs=3,
        default_hooks=dict(checkpoint=saves),
        val_dataloader=tiny.tiny_loader(),
        val_cfg=dict(),
        val_evaluator=Evaluator(Rising()),
    )
    assert all(there[there.index(['best_value_epoch_1.pth']) :])
    assert ['best_value_epoch_1.pth', 'best_value_epoch_2.pth'] in there
    assert [path.name for path in tmp_path.glob('best_*')] == ['best_value_epoch_3.pth']


class DyingFile(io.BytesIO):
    """A file of which the process does not see the end."""

    def write(self, content):
        if self.tell() > 4000:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().write(content)


def train_until(runs, folder, plain, stage, name, spared):
    """Train, and be killed when a file of this name is written."""
    with pytest.MonkeyPatch.context() as patch:
        if stage == 'torch.save':
            patch.setattr(torch, 'save', dying_save)
        else:
            break_at(patch, stage, name, runs.die, spared)
        runs.train(folder, plain, seed=5)


def dying_save(content, file, *args, save=torch.save, **kwargs):
    """Save, but of the second checkpoint only the beginning."""
    if isinstance(content, dict) and content['meta']['iter'] == 6:
        file = DyingFile()
    save(content, file, *args, **kwargs)


@pytest.mark.slow
def test_resume_picks_the_whole_earlier_checkpoint(tiny, runs, tmp_path):
    """Whenever a run is killed while it writes its second one, with one kept."""
    plain = options(runs, tiny, max_keep_ckpts=1)
    whole = tmp_path / 'whole'
    assert runs.exit_code(runs.train, whole, plain, seed=5) == 0
    end = runs.last_checkpoint(whole)
    assert [path.name for path in whole.glob('*.pth')] == ['iter_9.pth']
    cases = [('torch.save', 'iter_6.pth', 0)]
    cases += [(stage, 'iter_6.pth', 0) for stage in STAGES]
    cases += [(stage, 'last_checkpoint', 1) for stage in STAGES]
    for case in cases:
        folder = tmp_path / '-'.join(map(str, case))
        code = runs.exit_code(train_until, runs, folder, plain, *case)
        assert code == -signal.SIGKILL, case
        assert runs.last_checkpoint(folder)['meta']['iter'] == 3, case
        assert runs.exit_code(runs.train, folder, plain, 5, resume=True) == 0
        runs.assert_same(runs.last_checkpoint(folder)['state_dict'], end['state_dict'])
