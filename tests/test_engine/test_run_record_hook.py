# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What a run leaves for a comparison."""

import pytest
import torch
from mmengine.hooks import Hook

RECORD = dict(type='mmrazor.RunRecordHook', interval=1)


class Killed(Hook):
    """Stands in for whatever ends the process at the last validation."""

    def before_val(self, runner):
        raise KeyboardInterrupt


@pytest.fixture
def train(tiny, tmp_path):
    """Train two epochs, or what is left of them, and validate once at the end."""

    def run(*hooks, train_cfg=None, **options):
        return tiny.run(
            tmp_path,
            hooks=[RECORD, *hooks],
            train_cfg=train_cfg or dict(by_epoch=True, max_epochs=2, val_interval=2),
            val_dataloader=tiny.tiny_loader(),
            val_cfg=dict(),
            val_evaluator=dict(type='mmpretrain.Accuracy'),
            **options,
        )

    return run


def test_the_record_grows_and_is_finished_by_the_last_validation(tiny, tmp_path):
    from classroomkd_mm.benchmark.record import read_record

    seen = []

    class Watch(Hook):
        priority = 'LOWEST'

        def after_train_iter(self, runner, *args, **kwargs):
            seen.append(read_record(tmp_path))

    runner = tiny.run(
        tmp_path,
        hooks=[RECORD, Watch()],
        epochs=2,
    )
    iterations = [record['iteration'] for record in seen]
    assert iterations == sorted(iterations)
    assert iterations[-1] == runner.max_iters
    assert not any(record['finished'] for record in seen)

    (hook,) = [h for h in runner.hooks if type(h).__name__ == 'RunRecordHook']
    lists = {'single-label/recall_classwise': [50.0, 25.0]}
    hook.after_val_epoch(runner, {'accuracy/top1': torch.tensor(40.0).item(), **lists})
    record = read_record(tmp_path)
    assert record['finished']
    assert record['metrics'] == {'accuracy/top1': 40.0}
    assert record['by_class'] == [50.0, 25.0]
    trained = sum(p.numel() for p in runner.model.parameters())
    assert record['trained_parameters'] == trained
    assert record['device'] == 'CPU'


def test_a_validation_before_the_end_does_not_finish(tiny, tmp_path):
    from classroomkd_mm.benchmark.record import is_finished
    from classroomkd_mm.engine import RunRecordHook

    runner = tiny.run(tmp_path, epochs=1)
    runner.train_loop._iter -= 1
    RunRecordHook().after_val_epoch(runner, {'accuracy/top1': 40.0})
    assert not is_finished(tmp_path)


ITERATIONS = dict(by_epoch=False, max_iters=4, val_interval=4)


@pytest.mark.parametrize('train_cfg', [None, ITERATIONS], ids=['epochs', 'iterations'])
def test_a_run_killed_in_its_only_validation_makes_up_for_it(
    train, tmp_path, train_cfg
):
    from classroomkd_mm.benchmark.record import read_record

    by_epoch = train_cfg is None
    often = dict(checkpoint=dict(type='CheckpointHook', interval=1, by_epoch=by_epoch))
    with pytest.raises(KeyboardInterrupt):
        train(Killed(), train_cfg=train_cfg, default_hooks=often)
    assert not read_record(tmp_path)['finished']
    train(train_cfg=train_cfg, default_hooks=often, resume=True)
    record = read_record(tmp_path)
    assert record['finished']
    assert record['iteration'] == record['iterations'] == (8 if by_epoch else 4)
    assert 0 <= record['metrics']['accuracy/top1'] <= 100
    assert record['seconds_per_iteration'] > 0
    assert record['peak_memory_mb'] is None  # that of a validation


def test_a_finished_run_that_is_resumed_keeps_its_record(train, tmp_path):
    from classroomkd_mm.benchmark.record import RECORD as NAME

    train()
    text = (tmp_path / NAME).read_text()
    train(Killed(), resume=True)  # nor is it validated again
    assert (tmp_path / NAME).read_text() == text


def test_a_run_without_a_validation_is_not_finished(tiny, tmp_path):
    from classroomkd_mm.benchmark.record import is_finished

    tiny.run(tmp_path, hooks=[RECORD], epochs=1)
    assert not is_finished(tmp_path)


def test_a_resumed_run_counts_the_seconds_of_the_iterations_before(tiny, tmp_path):
    from classroomkd_mm.benchmark.record import read_record

    seen = []

    class Watch(Hook):
        priority = 'LOWEST'

        def before_train(self, runner):
            seen.append(read_record(tmp_path))

    hooks = [RECORD, Watch()]
    tiny.run(tmp_path, hooks=hooks, epochs=1)
    hub = tiny.run(tmp_path, hooks=hooks, epochs=2, resume=True).message_hub
    times = hub.get_scalar('train/time').data[0]
    assert [record['iteration'] for record in seen] == [0, 4]
    assert seen[1]['seconds'] >= sum(times[:4]) > 0
