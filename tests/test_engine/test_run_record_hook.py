# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What a run leaves for a comparison."""

import torch


def test_the_record_grows_and_is_finished_by_the_last_validation(tiny, tmp_path):
    from mmengine.hooks import Hook

    from classroomkd_mm.benchmark.record import read_record

    seen = []

    class Watch(Hook):
        priority = 'LOWEST'

        def after_train_iter(self, runner, *args, **kwargs):
            seen.append(read_record(tmp_path))

    runner = tiny.run(
        tmp_path,
        hooks=[dict(type='mmrazor.RunRecordHook', interval=1), Watch()],
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
