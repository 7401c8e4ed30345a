# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""MIM and the READMEs know every recipe, and no other."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / 'configs'
# Suites and methods of the benchmark are no recipes.
RECIPES = sorted(
    path
    for path in CONFIGS.rglob('*.py')
    if not {'_base_', 'benchmarks'} & {*path.parts}
)
FOLDERS = sorted({path.parent for path in RECIPES})


def read(path):
    return yaml.safe_load(path.read_text())


def test_the_index_names_every_metafile():
    index = read(ROOT / 'model-index.yml')['Import']
    assert [ROOT / path for path in index] == [f / 'metafile.yml' for f in FOLDERS]


@pytest.mark.parametrize('folder', FOLDERS, ids=lambda f: f.relative_to(CONFIGS).name)
def test_a_metafile_has_the_recipes_of_its_folder(folder):
    metafile = read(folder / 'metafile.yml')
    (collection,) = metafile['Collections']
    assert ROOT / collection['README'] == folder / 'README.md'
    models = metafile['Models']
    assert {ROOT / model['Config'] for model in models} == set(folder.glob('*.py'))
    for model in models:
        assert model['Name'] == Path(model['Config']).stem
        assert model['In Collection'] == collection['Name']


def test_collections_are_unique():
    """MIM shows the README of a collection; the last one of a name wins."""
    files = [folder / 'metafile.yml' for folder in FOLDERS]
    names = [each['Name'] for file in files for each in read(file)['Collections']]
    assert max(Counter(names).values()) == 1


@pytest.mark.parametrize('folder', FOLDERS, ids=lambda f: f.relative_to(CONFIGS).name)
def test_a_readme_names_the_recipes_of_its_folder(folder):
    text = (folder / 'README.md').read_text()
    names = {f'({path.name})' for path in folder.glob('*.py')}
    assert [name for name in sorted(names) if name not in text] == []


def test_names_are_unique():
    """MIM finds a recipe by its name, wherever it is."""
    assert max(Counter(path.name for path in RECIPES).values()) == 1


def test_recipes_leave_replacing_and_hooks_to_their_bases():
    for path in RECIPES:
        text = path.read_text()
        assert '_delete_' not in text, path
        assert 'custom_hooks' not in text, path


def test_mim_reads_the_index():
    load = pytest.importorskip('modelindex.load_model_index').load
    index = load(str(ROOT / 'model-index.yml'))
    assert {model.name for model in index.models} == {path.stem for path in RECIPES}
    assert not index.check_errors
