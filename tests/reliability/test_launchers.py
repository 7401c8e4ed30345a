# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Two processes are started as on two GPUs, and end where one process ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytestmark = pytest.mark.slow


@pytest.fixture
def cached_classroom(tiny):
    """The module with mentors in files, and data that a config can name."""
    import cached_classroom

    return cached_classroom


def config_of_20_steps(tiny, school, level):
    """A classroom with norms in eval mode, whose last batch is 4 samples or 2 and 2."""
    return dict(
        custom_imports=dict(
            imports=[
                'cached_classroom',
                'classroomkd_mm.models',
                'classroomkd_mm.engine',
            ]
        ),
        default_scope='mmpretrain',
        model=tiny.classroom_config(
            school.mentors,
            architecture=tiny.net(backbone=dict(norm_eval=True)),
            distiller=dict(
                type='mmrazor.ClassroomDistiller',
                knowledge_filter=dict(type='mmrazor.KnowledgeFilter', level=level),
            ),
        ),
        train_dataloader=dict(
            batch_size=4,
            num_workers=0,
            persistent_workers=False,  # which the script of MMPretrain sets
            dataset=dict(type='NoisyData', size=28, strength=0),
            sampler=dict(type='DefaultSampler', shuffle=True),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=5),
        optim_wrapper=dict(
            optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=1e-4)
        ),
        custom_hooks=[
            dict(type='mmrazor.ChannelsLastHook'),
            dict(type='mmrazor.ClassroomHook'),
        ],
        randomness=dict(seed=0),
    )


def launch(folder, *command):
    """Run a command that trains the config in this folder."""
    return subprocess.run(
        [*command, '--launcher', 'pytorch', '--work-dir', 'two'],
        cwd=folder,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            'OMP_NUM_THREADS': '1',
            'PYTHONPATH': str(Path(__file__).parents[1]),
        },
    )


def by_mim(folder):
    """As documented; nothing says that there is no GPU."""
    mim = Path(sys.executable).with_name('mim')
    return launch(folder, mim, 'train', 'classroomkd_mm', 'config.py', '--gpus', '2')


def by_torchrun(folder):
    """With the script of MMPretrain, which meets this package only in the config."""
    from mmengine.utils import get_installed_path
    from two_processes import free_port

    return launch(
        folder, sys.executable, '-m', 'torch.distributed.run',
        '--nproc-per-node=2', f'--master-port={free_port()}',
        Path(get_installed_path('mmpretrain'), '.mim', 'tools', 'train.py'),
        'config.py',
    )  # fmt: skip


@pytest.mark.parametrize(
    ('start', 'level'), [(by_mim, 'sample'), (by_torchrun, 'batch')]
)
def test_two_processes_end_as_one(tiny, cached_classroom, tmp_path, start, level):
    from mmengine import Config
    from mmengine.runner import Runner

    school = cached_classroom.School(tmp_path)
    config = Config(config_of_20_steps(tiny, school, level))
    config.dump(tmp_path / 'config.py')
    done = start(tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    said = done.stdout + done.stderr
    assert 'through gloo' in said
    assert 'usual layout: several processes train it' in said
    two = torch.load(tmp_path / 'two' / 'epoch_5.pth')

    config.train_dataloader.batch_size = 8
    config.work_dir = str(tmp_path / 'one')
    runner = Runner.from_cfg(config)
    runner.train()
    assert runner.iter == two['meta']['iter'] == 20
    torch.testing.assert_close(
        dict(two['state_dict']), dict(runner.model.state_dict()), rtol=0, atol=1e-6
    )
