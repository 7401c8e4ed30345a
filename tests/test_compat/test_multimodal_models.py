# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""MMPretrain beside old and new versions of transformers."""

import os
import subprocess
import sys

import pytest

from classroomkd_mm.compat.multimodal_models import is_too_new

CODE = """
import classroomkd_mm
from mmpretrain.utils import dependency
print(dependency.satisfy_requirement('transformers>=4.28.0'))
print(dependency.WITH_MULTIMODAL)
"""


@pytest.mark.parametrize(
    ('version', 'too_new'),
    [
        (None, False),
        ('4.28.0', False),
        ('4.51.3', False),
        ('4.52', True),
        ('4.100.1', True),
        ('5.24.0', True),
        ('10.0.0.dev0', True),
        ('unknown', False),
    ],
)
def test_versions(version, too_new):
    assert is_too_new(version) is too_new


@pytest.mark.parametrize(('version', 'has'), [('4.51.3', 'True'), ('5.24.0', 'False')])
def test_what_mmpretrain_imports(tmp_path, version, has):
    """Only the version is read, so a folder of metadata is enough."""
    for name, number in (('transformers', version), ('pycocotools', '2.0')):
        folder = tmp_path / f'{name}-{number}.dist-info'
        folder.mkdir()
        text = f'Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n'
        (folder / 'METADATA').write_text(text)
    path = os.pathsep.join([str(tmp_path), os.getcwd()])
    run = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', CODE],
        env={**os.environ, 'PYTHONPATH': path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.split() == ['True', has], run.stderr
