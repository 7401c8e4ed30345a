# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The command line and the config of a run."""

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from classroomkd_mm import _launch


@pytest.fixture
def recipes(tmp_path, monkeypatch):
    """A folder of recipes, in the place of that of the package."""
    for name in ('a/one.py', 'b/one.py', 'a/two.py'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('lr = 0.1\nwork_dir = None\n')
    monkeypatch.setattr(_launch, 'recipe_folder', lambda: tmp_path)
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


def test_a_config_is_written_without_yapf_and_reads_back(tmp_path, monkeypatch):
    """Yapf takes a large part of a second, five times when a run starts."""
    from mmengine.config import Config

    source = tmp_path / 'source.py'
    source.write_text("model = dict(type='Net', text='a\\n\"b\"', sizes=[(1, 2.0)])\n")
    config = read(str(source))
    assert "type='Net'" in config.pretty_text
    monkeypatch.setattr('mmengine.config.config.FormatCode', None)  # is not called
    config.dump(tmp_path / 'written.py')
    assert Config.fromfile(tmp_path / 'written.py').model == config.model


def test_what_is_imported_is_no_garbage_to_look_for():
    gc.unfreeze()
    with _launch.no_garbage_collection():
        assert not gc.isenabled()
        imported = [object]
    assert gc.isenabled()
    assert all(one is not imported for one in gc.get_objects())
    gc.unfreeze()


@pytest.mark.parametrize('script', ['train', 'test'])
def test_the_help_of_a_script_imports_nothing_heavy(script):
    path = Path(__file__).parents[1] / 'tools' / f'{script}.py'
    code = f"""
import runpy, sys
sys.argv = ['{script}.py', '--help']
try:
    runpy.run_path({str(path)!r}, run_name='__main__')
except SystemExit:
    print(*{{'torch', 'mmengine', 'numpy'}} & set(sys.modules), file=sys.stderr)
"""
    run = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True, check=True
    )
    assert 'usage' in run.stdout
    assert run.stderr.strip() == ''
