# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What an installation holds, and how MIM and MMEngine find it."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from classroomkd_mm import __version__

ROOT = Path(__file__).resolve().parent.parent
SOURCES = (
    'classroomkd_mm',
    'configs',
    'tools',
    'requirements',
    'LICENSE',
    'MANIFEST.in',
    'model-index.yml',
    'pyproject.toml',
    'setup.py',
)


def files_below(folder):
    """The relative paths of the files that are sources."""
    paths = (path.relative_to(folder) for path in folder.rglob('*') if path.is_file())
    left_out = {'__pycache__', '.mim'}
    return {path.as_posix() for path in paths if not left_out & set(path.parts)}


@pytest.fixture(scope='module')
def clone(tmp_path_factory):
    """A copy of the sources, to build from without touching them."""
    target = tmp_path_factory.mktemp('clone')
    ignore = shutil.ignore_patterns('__pycache__', '.mim')
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, target / name)
    return target


def build(clone, kind):
    """Build a wheel, as pip does, and open it."""
    code = f"from setuptools import build_meta; build_meta.build_{kind}('.')"
    subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        cwd=clone,
        check=True,
        capture_output=True,
    )
    (wheel,) = clone.glob('*.whl')
    content = zipfile.ZipFile(wheel)
    wheel.unlink()
    return content


# Wheels


def test_a_wheel_holds_the_package_and_what_mim_needs(clone):
    names = build(clone, 'wheel').namelist()
    package = {f'classroomkd_mm/{n}' for n in files_below(clone / 'classroomkd_mm')}
    for_mim = {
        f'classroomkd_mm/.mim/{folder}/{name}'
        for folder in ('configs', 'tools')
        for name in files_below(clone / folder)
    }
    for_mim.add('classroomkd_mm/.mim/model-index.yml')
    metadata = f'classroomkd_mm-{__version__}.dist-info/'
    assert {n for n in names if not n.startswith(metadata)} == package | for_mim


def test_an_editable_install_leads_mim_to_the_clone(clone):
    wheel = build(clone, 'editable')
    top_level = wheel.read(f'classroomkd_mm-{__version__}.dist-info/top_level.txt')
    assert top_level.decode().splitlines() == [str(clone / 'classroomkd_mm')]
    links = clone / 'classroomkd_mm' / '.mim'
    assert (links / 'tools' / 'train.py').samefile(clone / 'tools' / 'train.py')
    assert (links / 'configs').samefile(clone / 'configs')
    assert (links / 'model-index.yml').is_file()


@pytest.mark.filterwarnings('ignore:pkg_resources is deprecated')
@pytest.mark.parametrize('module', ['mim.utils', 'mmengine.utils'])
def test_the_installed_package_is_found(module):
    find = pytest.importorskip(module).get_installed_path
    assert Path(find('classroomkd_mm'), '.mim', 'tools', 'train.py').is_file()


# Tests that need more


@pytest.mark.parametrize(
    ('chosen', 'outcome'),
    [([], dict(skipped=1, passed=1)), (['-m', 'optional'], dict(failed=1, passed=1))],
)
def test_a_missing_package_skips_a_test_unless_it_is_asked_for(
    tmp_path, chosen, outcome
):
    (tmp_path / 'conftest.py').write_text((ROOT / 'tests/conftest.py').read_text())
    (tmp_path / 'test_it.py').write_text(
        'import pytest\n'
        "@pytest.mark.optional('no_such_package')\n"
        'def test_missing():\n    import no_such_package\n'
        "@pytest.mark.optional('json')\n"
        'def test_there():\n    import json\n'
    )
    command = [sys.executable, '-m', 'pytest', '-c', ROOT / 'pyproject.toml', *chosen]
    run = subprocess.run(
        [*command, '--rootdir', tmp_path, '-p', 'no:cacheprovider', tmp_path],
        # What else pytest is told to run must not be run from here again.
        env={**os.environ, 'PYTEST_ADDOPTS': ''},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    counts = re.findall(r'(\d+) (passed|failed|skipped)', run.stdout.splitlines()[-1])
    assert {kind: int(number) for number, kind in counts} == outcome


# Recipes


def test_a_recipe_is_known_by_its_name_alone():
    names = Counter(path.name for path in (ROOT / 'configs').rglob('*.py'))
    recipes = {
        path.name
        for path in (ROOT / 'configs').rglob('*.py')
        if not {'_base_', 'benchmarks'} & {*path.parts}  # suites and methods are none
    }
    assert {name for name in recipes if names[name] > 1} == set()


# Requirements


def requirement_lines(name):
    lines = (ROOT / 'requirements' / name).read_text().splitlines()
    return [line for line in lines if line and not line.lstrip().startswith('#')]


def pins(name):
    """The pinned packages of a file, as {name: version}."""
    pattern = re.compile(r'([\w.-]+)==([\w.]+)')
    return dict(
        found.groups()
        for line in requirement_lines(name)
        if (found := pattern.match(line))
    )


@pytest.mark.parametrize(
    'name',
    [
        'runtime.txt',
        'mminstall.txt',
        'optional.txt',
        'tests.txt',
        'lock.in',
        'lock-optional.in',
        'overrides.txt',
    ],
)
def test_a_requirement_says_why(name):
    assert [
        line
        for line in requirement_lines(name)
        if '#' not in line and not line.startswith('-r')
    ] == []


def test_the_lock_is_that_of_its_sources():
    lock = pins('lock.txt')
    assert {k: lock.get(k) for k in pins('lock.in')} == pins('lock.in')
    wanted = (re.match(r'[\w-]+', line)[0] for line in requirement_lines('tests.txt'))
    assert set(wanted) <= lock.keys()
    left_out = [line for line in requirement_lines('overrides.txt') if ' ; ' in line]
    assert {line.split()[0] for line in left_out} & lock.keys() == set()


def test_the_optional_lock_fits_the_lock():
    """It is installed beside it, so it repeats none of its packages."""
    lock = pins('lock-optional.txt')
    assert pins('lock-optional.in').items() <= lock.items()
    assert pins('lock.txt').keys() & lock.keys() == set()


@pytest.mark.parametrize('name', ['lock.txt', 'lock-optional.txt'])
def test_a_lock_has_a_hash_for_every_package(name):
    lines = requirement_lines(name)
    packages = [i for i, line in enumerate(lines) if not line.startswith(' ')]
    assert packages
    assert all(lines[i + 1].strip().startswith('--hash=sha256:') for i in packages)
