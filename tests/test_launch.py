# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The command line of tools/train.py and tools/test.py."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from classroomkd_mm import _launch

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def recipes(tmp_path, monkeypatch):
    """A folder of recipes, in the place of that of the package."""
    for name in ('a/one.py', 'b/one.py', 'a/two.py'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('lr = 0.1\nwork_dir = None\n')
    monkeypatch.setattr(_launch, '_recipe_folder', lambda: tmp_path)
    return tmp_path


def read(*arguments):
    return _launch.read_config(_launch.run_parser('').parse_args(arguments))


def test_a_recipe_is_found_by_its_bare_name(recipes):
    assert _launch.find_config('two.py') == recipes / 'a' / 'two.py'


def test_a_file_goes_before_a_recipe(recipes, monkeypatch):
    monkeypatch.chdir(recipes / 'a')
    assert _launch.find_config('two.py') == Path('two.py')


def test_an_unknown_recipe_is_told_with_similar_ones(recipes):
    with pytest.raises(FileNotFoundError, match=r"'to\.py' is neither.*two\.py"):
        _launch.find_config('to.py')


def test_an_ambiguous_name_is_an_error(recipes):
    with pytest.raises(ValueError, match='more than one recipe'):
        _launch.find_config('one.py')


def test_options_change_the_config(recipes):
    config = read('two.py', '--cfg-options', 'lr=1', 'model.mentors.vgg13.ckpt=a.pth')
    assert config.lr == 1
    assert config.model.mentors.vgg13.ckpt == 'a.pth'
    assert config.launcher == 'none'


def test_the_work_dir_is_named_after_the_config(recipes):
    assert read('two.py').work_dir == './work_dirs/two'
    assert read('two.py', '--work-dir', 'x').work_dir == 'x'
    assert read('two.py', '--cfg-options', 'work_dir=y').work_dir == 'y'


@pytest.mark.parametrize('spelling', ['--local-rank=1', '--local_rank=1'])
def test_the_local_rank_reaches_mmengine(recipes, monkeypatch, spelling):
    environment = {}
    monkeypatch.setattr('os.environ', environment)
    read('two.py', spelling)
    assert environment == {'LOCAL_RANK': '1'}


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


# tools/train.py


@pytest.fixture
def trained_with(recipes, monkeypatch):
    """Run tools/train.py, and return the config that it would train."""
    runner = pytest.importorskip('mmengine.runner').Runner

    def run(text, *arguments):
        (recipes / 'c.py').write_text(text)
        configs = []

        class Recorded:
            def train(self):
                pass

        monkeypatch.setattr(
            runner, 'from_cfg', lambda cfg: configs.append(cfg) or Recorded()
        )
        monkeypatch.setattr('sys.argv', ['train.py', 'c.py', *arguments])
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
