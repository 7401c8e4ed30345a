# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""``cache_mentors`` fills a cache, goes on after a kill, and no mentor is needed."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
RECIPE = 'classroomkd_resnet8-w4_1xb20_digits.py'
CONFIG = """
_base_ = [{recipe!r}]
custom_imports = dict(imports=[
    'classroomkd_mm.models', 'classroomkd_mm.models.backbones',
    'classroomkd_mm.datasets.digits', 'classroomkd_mm.engine',
])
model = dict(
    mentors={{
        name: dict(ckpt={folder!r} + f'/{{name}}.pth') for name in
        ['resnet14-w20', 'resnet8-w8', 'resnet8-w3']
    }},
    mentor_cache=dict(path={folder!r} + '/cache', num_views=3),
)
train_cfg = dict(max_epochs=2, val_interval=2)
"""


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """A folder with a config and the mentors' checkpoints."""
    from mmengine.config import Config

    import classroomkd_mm.models
    import classroomkd_mm.models.backbones  # noqa: F401
    from classroomkd_mm.networks import build_network

    folder = tmp_path_factory.mktemp('cached')
    recipe = ROOT / 'configs' / 'classroomkd' / 'digits' / RECIPE
    text = CONFIG.format(recipe=str(recipe), folder=str(folder))
    (folder / 'cached.py').write_text(text)
    mentors = Config.fromfile(folder / 'cached.py').model.mentors
    for mentor in mentors.values():
        network = build_network(dict(cfg_path=mentor.cfg_path))
        torch.save(network.state_dict(), mentor.ckpt)
    return folder


def script(name, folder, *arguments):
    """Run a script on the config."""
    run = subprocess.run(
        [sys.executable, str(ROOT / 'tools' / f'{name}.py'), 'cached.py', *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    return run.returncode, run.stdout + run.stderr


def test_fill_go_on_and_train(folder):
    code, printed = script('cache_mentors', folder)
    assert code == 0, printed
    assert '300 of 300 views are missing. 3 mentors take 0.02 MB' in printed
    assert 'The rest takes about 0:' in printed
    bitmaps = sorted((folder / 'cache').glob('*/checksums.npy'))
    assert [(np.load(path) != 0).sum() for path in bitmaps] == [300] * 3

    # As if the process had been killed: some entries are not there.
    filled = np.lib.format.open_memmap(bitmaps[0], mode='r+')
    filled[50:57] = 0
    filled.flush()
    code, printed = script('cache_mentors', folder)
    assert code == 0, printed
    assert '7 of 300 views are missing' in printed
    assert np.load(bitmaps[0]).all()

    for path in folder.glob('*.pth'):
        path.unlink()
    code, printed = script('train', folder)
    assert code == 0, printed
    last = json.loads(
        (folder / 'work_dirs/cached/classroom.jsonl').open().readlines()[-1]
    )
    assert last['epoch'] == 2
    assert last['mentors']['resnet8-w3']['rank'] > 0


def test_a_config_without_a_cache(folder):
    code, printed = script(
        'cache_mentors', folder, '--cfg-options', 'model.mentor_cache=None'
    )
    assert code != 0
    assert 'The model of this config has no mentor_cache: add' in printed
