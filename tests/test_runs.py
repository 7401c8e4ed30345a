# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Training runs that scripts start, and the metrics that they log."""

import json

import pytest

from classroomkd_mm._runs import last_validation, mim_train


def write_log(folder, time, *lines):
    log = folder / time / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text(''.join(f'{json.dumps(line)}\n' for line in lines))


def test_the_last_validation_of_the_newest_run_counts(tmp_path):
    write_log(tmp_path, '20260102_000000', dict(a=3, b=3, step=1), dict(a=4, step=2))
    write_log(tmp_path, '20260101_000000', dict(a=1, b=1, step=9))
    assert last_validation(tmp_path, 'a') == dict(a=4, step=2)
    assert last_validation(tmp_path, 'a', 'b') == dict(a=3, b=3, step=1)


def test_before_the_first_validation_there_is_none(tmp_path):
    assert last_validation(tmp_path, 'a') == {}
    write_log(tmp_path, '20260101_000000', dict(loss=1, step=1))
    assert last_validation(tmp_path, 'a') == {}


@pytest.mark.slow
def test_a_run_trains_and_resumes(tmp_path):
    recipe, out = 'resnet8-w3_1xb20_digits.py', tmp_path / 'out'
    every_epoch = ['default_hooks.checkpoint.interval=1', 'train_cfg.val_interval=1']
    for epochs in (1, 2):
        options = [f'train_cfg.max_epochs={epochs}', *every_epoch]
        mim_train(recipe, out, options, '--resume')
        assert last_validation(out, 'accuracy/top1')['step'] == epochs
    assert 'resumed epoch: 1' in (out / 'output.txt').read_text()


@pytest.mark.slow
def test_a_failed_run_shows_the_end_of_its_output(tmp_path):
    with pytest.raises(RuntimeError, match=r'(?s)failed\. The end of .*no_such\.py'):
        mim_train('no_such.py', tmp_path / 'out', [])
