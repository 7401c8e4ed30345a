# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""``tools/train.py`` and ``tools/test.py``, from the command line."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize('script', ['train', 'test'])
def test_help_comes_without_heavy_imports(script):
    code = f"""
import runpy, sys
sys.argv = ['{script}.py', '-h']
try:
    runpy.run_path({str(ROOT / 'tools' / script)!r} + '.py', run_name='__main__')
except SystemExit as end:
    sys.exit(end.code or 'torch' in sys.modules)
"""
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert '--cfg-options' in run.stdout
    assert '--gpus' not in run.stdout  # MIM would pass it on


@pytest.fixture
def trained_with(tmp_path, monkeypatch):
    """Run tools/train.py, and return the config that it would train."""
    runner = pytest.importorskip('mmengine.runner').Runner

    def run(text, *arguments):
        config = tmp_path / 'c.py'
        config.write_text(text)
        configs = []

        class Recorded:
            def train(self):
                pass

        monkeypatch.setattr(
            runner, 'from_cfg', lambda cfg: configs.append(cfg) or Recorded()
        )
        monkeypatch.setattr('sys.argv', ['train.py', str(config), *arguments])
        runpy.run_path(str(ROOT / 'tools' / 'train.py'), run_name='__main__')
        return configs[0]

    return run


@pytest.mark.parametrize(
    ('arguments', 'resume', 'load_from'),
    [
        ([], False, 'weights.pth'),
        (['--resume'], True, None),
        (['--resume', 'auto'], True, None),
        (['--resume', 'epoch_3.pth'], True, 'epoch_3.pth'),
    ],
)
def test_resume(trained_with, arguments, resume, load_from):
    cfg = trained_with("load_from = 'weights.pth'\nresume = False", *arguments)
    assert (cfg.resume, cfg.load_from) == (resume, load_from)


def test_amp(trained_with):
    cfg = trained_with("optim_wrapper = dict(optimizer=dict(type='SGD'))", '--amp')
    assert cfg.optim_wrapper.type == 'AmpOptimWrapper'
    assert cfg.optim_wrapper.loss_scale == 'dynamic'


def test_amp_does_not_replace_another_wrapper(trained_with):
    with pytest.raises(ValueError, match="type='MyWrapper'"):
        trained_with("optim_wrapper = dict(type='MyWrapper')", '--amp')


def test_auto_scale_lr(trained_with):
    text = 'auto_scale_lr = dict(base_batch_size=64)'
    assert trained_with(text, '--auto-scale-lr').auto_scale_lr.enable is True
    with pytest.raises(ValueError, match='base_batch_size'):
        trained_with('lr = 1', '--auto-scale-lr')
