# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""5,000 steps: neither memory nor files, descriptors or threads add up."""

import gc
import importlib
import json
import os
from pathlib import Path

import pytest

STEPS, SETTLED = 5000, 500
LOGS = ('.log', '.json', '.jsonl')
CHECKPOINTS = ('.pth', 'last_checkpoint')


def measure(folder):
    """What this process holds, and the sizes of the files of its run."""
    gc.collect()
    pages = int(Path('/proc/self/statm').read_text().split()[1])
    files = {
        str(path.relative_to(folder)).replace(f'epoch_{number}.', 'epoch_N.'): size
        for path in Path(folder).rglob('*')
        if path.is_file()
        for number, size in [(path.stem.rpartition('_')[2], path.stat().st_size)]
    }
    return dict(
        memory=pages * os.sysconf('SC_PAGE_SIZE'),
        descriptors=len(os.listdir('/proc/self/fd')),
        threads=len(os.listdir('/proc/self/task')),
        files=files,
    )


def soak(folder, result):
    """Train with report, statistics, EMA, validations and checkpoints."""
    import tiny_classroom as tiny
    from mmengine.hooks import Hook

    class Measure(Hook):
        priority = 'LOWEST'
        found = []

        def after_train_epoch(self, runner):
            if runner.iter in (SETTLED, STEPS):
                self.found.append(measure(folder))

    tiny.run(
        folder,
        epochs=STEPS // 20,
        loader=tiny.tiny_loader(size=100, shuffle=True),
        hooks=[
            dict(type='mmrazor.ClassroomHook', interval=10),
            dict(type='EMAHook'),
            Measure(),
        ],
        default_hooks=dict(
            checkpoint=dict(type='CheckpointHook', interval=5, max_keep_ckpts=1),
            logger=dict(type='LoggerHook', interval=10),
        ),
    )
    Path(result).write_text(json.dumps(Measure.found))


@pytest.mark.slow
def test_nothing_but_logs_grows(tiny, tmp_path):
    runs = importlib.import_module('killed_runs')
    folder, result = tmp_path / 'run', tmp_path / 'result.json'
    assert runs.exit_code(soak, str(folder), result) == 0
    then, now = json.loads(result.read_text())
    print(then, now, sep='\n')
    assert now['memory'] <= 1.02 * then['memory']
    assert now['descriptors'] == then['descriptors']
    assert now['threads'] == then['threads']
    assert now['files'].keys() == then['files'].keys()
    for name, size in now['files'].items():
        # A checkpoint holds MMEngine's buffers of the log.
        if not name.endswith(LOGS + CHECKPOINTS):
            assert size == then['files'][name], name
