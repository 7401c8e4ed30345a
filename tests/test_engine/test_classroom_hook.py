# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Whole training runs: what is logged, kept, refused, and resumed."""

import json
import logging
import math
from pathlib import Path

import pytest
import torch

from classroomkd_mm import classroom_loss

HOOK = dict(type='mmrazor.ClassroomHook', interval=2)


class Lessons:
    """A hook that recomputes every step with classroom_loss."""

    def __new__(cls, tiny):
        from mmengine.hooks import Hook

        class Recompute(Hook):
            priority = 'VERY_HIGH'

            def __init__(self):
                self.epochs = []

            def before_train_epoch(self, runner):
                self.epochs.append([])

            def before_train_iter(self, runner, batch_idx, data_batch=None):
                model = runner.model
                data = model.data_preprocessor(data_batch, True)
                inputs, samples = data['inputs'], data['data_samples']
                labels = torch.cat([sample.gt_label for sample in samples])
                norm = model.student.backbone.norm
                kept = {k: v.clone() for k, v in norm.state_dict().items()}
                with torch.no_grad():
                    student = model.student(inputs, mode='tensor')
                norm.load_state_dict(kept)
                mentors = [m.network(inputs, mode='tensor') for m in model.mentors]
                self.epochs[-1].append(classroom_loss(student, mentors, labels))

        return Recompute()


def expected(lessons, mentor):
    """What a line of the report must say of a mentor (its number)."""
    taught = sum(out.active[mentor].sum() for out in lessons)
    samples = sum(out.active.shape[1] for out in lessons)
    temperature = sum((out.temperatures * out.active)[mentor].sum() for out in lessons)
    score = sum(out.log_scores[mentor + 1].exp().sum() for out in lessons)
    rank = sum(out.ranks[mentor + 1].sum() for out in lessons)
    weight = sum((out.ranks[1:] * out.active)[mentor].sum() for out in lessons)
    return dict(
        score=float(score / samples),
        rank=float(rank / samples),
        taught=float(taught / samples),
        weight=float(weight / samples),
        temperature=float(temperature / taught) if taught else None,
        invalid=0,
    )


def report_of(work_dir):
    return [
        json.loads(line)
        for line in Path(work_dir, 'classroom.jsonl').read_text().splitlines()
    ]


def json_log_of(runner):
    path = Path(runner.log_dir, 'vis_data', 'scalars.json')
    return [json.loads(line) for line in path.read_text().splitlines()]


def weights_of(runner):
    return {k: v.clone() for k, v in runner.model.state_dict().items()}


@pytest.fixture(scope='module')
def whole_run(tiny, tmp_path_factory):
    """Two epochs, with the hook and with a second computation of its numbers."""
    lessons = Lessons(tiny)
    work_dir = tmp_path_factory.mktemp('whole')
    runner = tiny.run(work_dir, hooks=[dict(HOOK), lessons])
    return runner, lessons.epochs


def test_the_report_has_one_right_line_for_each_epoch(whole_run):
    runner, epochs = whole_run
    report = report_of(runner.work_dir)
    assert [line['epoch'] for line in report] == [1, 2]
    assert [line['iter'] for line in report] == [4, 8]
    for line, lessons in zip(report, epochs, strict=True):
        assert len(lessons) == 4
        assert list(line['mentors']) == ['a', 'b']
        total = 0.0
        for number, name in enumerate('ab'):
            values = dict(line['mentors'][name])
            total += values.pop('loss')
            assert values == pytest.approx(expected(lessons, number), rel=1e-4)
        distill = sum(out.distill for out in lessons) / 4
        assert total == pytest.approx(float(distill), rel=1e-4)
        ranks = line['student']['rank']
        ranks += sum(values['rank'] for values in line['mentors'].values())
        assert ranks == pytest.approx(2, rel=1e-5)
        score = sum(out.log_scores[0].exp().mean() for out in lessons) / 4
        assert line['student']['score'] == pytest.approx(float(score), rel=1e-4)


def test_the_run_is_worth_looking_at(whole_run):
    """Neither is everybody always active, nor is anybody always idle."""
    _, epochs = whole_run
    active = torch.cat([out.active.flatten() for epoch in epochs for out in epoch])
    assert 0.1 < active.float().mean() < 0.9


def test_message_hub(whole_run):
    runner, epochs = whole_run
    scalars = runner.message_hub.log_scalars
    for number, name in enumerate('ab'):
        last = expected(epochs[-1][2:], number)
        for key in ('taught', 'weight', 'rank', 'temperature'):
            value = scalars[f'train/{name}/{key}'].current()
            assert value == pytest.approx(float(last[key]), rel=1e-4)
            assert len(scalars[f'train/{name}/{key}'].data[0]) == 4
    score = torch.cat([out.log_scores[0].exp() for out in epochs[-1][2:]]).mean()
    assert scalars['train/student/score'].current() == pytest.approx(float(score))


def test_json_log_has_the_means_since_the_last_time(whole_run):
    runner, epochs = whole_run
    lines = json_log_of(runner)
    lessons = [out for epoch in epochs for out in epoch]
    assert [line['step'] for line in lines] == [2, 4, 6, 8]
    for number, line in enumerate(lines):
        since = lessons[2 * number : 2 * number + 2]
        for mentor, name in enumerate('ab'):
            last = expected(since, mentor)
            assert line[f'{name}/taught'] == pytest.approx(float(last['taught']))
            assert line[f'{name}/rank'] == pytest.approx(float(last['rank']), rel=1e-4)
        logged = sum(line[key] for key in line if key in ('a/kd', 'b/kd'))
        distill = sum(out.distill for out in since) / 2
        assert logged == pytest.approx(float(distill), rel=1e-4)


def test_text_log(whole_run):
    runner, _ = whole_run
    (path,) = Path(runner.log_dir).glob('*.log')
    assert 'student/score: ' in path.read_text()
    assert 'a/taught: ' in path.read_text()


def test_checkpoint_holds_student_and_manifest(whole_run):
    runner, _ = whole_run
    path = Path(runner.work_dir, 'epoch_2.pth')
    checkpoint = torch.load(path, weights_only=True)
    student = runner.model.student.state_dict()
    assert set(checkpoint['state_dict']) == set(student)
    manifest = checkpoint['meta']['mentors']
    assert list(manifest) == ['a', 'b']
    for name, mentor in manifest.items():
        assert mentor['sha256'] == runner.model.mentors[name].fingerprint()
        assert len(mentor['sha256']) == 64
        assert mentor['source'] == 'mmpretrain.ImageClassifier, random weights'
    assert manifest['a']['sha256'] != manifest['b']['sha256']
    # Momentum of the student's parameters and of nothing else.
    assert len(checkpoint['optimizer']['state']) == len(list(runner.model.parameters()))


def test_optimizer_has_the_students_parameters_only(whole_run):
    runner, _ = whole_run
    optimized = {
        id(p) for group in runner.optim_wrapper.param_groups for p in group['params']
    }
    assert optimized == {id(p) for p in runner.model.student.parameters()}


def test_interval_that_does_not_divide_the_epoch(tiny, tmp_path):
    """The numbers of the last iterations of an epoch are in its line as well."""
    lessons = Lessons(tiny)
    tiny.run(tmp_path, hooks=[dict(HOOK, interval=3), lessons])
    for line, epoch in zip(report_of(tmp_path), lessons.epochs, strict=True):
        values = dict(line['mentors']['b'])
        del values['loss']
        assert values == pytest.approx(expected(epoch, 1), rel=1e-4)


@pytest.mark.parametrize('interval', [0, -1, 2.5, '10', None])
def test_bad_interval(tiny, interval):
    from mmrazor.registry import HOOKS

    with pytest.raises(ValueError, match='interval'):
        HOOKS.build(dict(HOOK, interval=interval))


def test_needs_a_classroom(tiny, tmp_path):
    student = tiny.build_classroom().student
    with pytest.raises(TypeError, match=r'ClassroomDistill.*ImageClassifier'):
        tiny.run(tmp_path, student, hooks=[dict(HOOK)])


# Resuming -----------------------------------------------------------------------


def test_resumed_run_ends_where_the_uninterrupted_one_does(tiny, tmp_path):
    whole = tiny.run(tmp_path / 'whole', epochs=3, hooks=[dict(HOOK)])
    tiny.run(tmp_path / 'parts', epochs=1, hooks=[dict(HOOK)])
    other = tiny.build_classroom(seed=7)
    for mentor in whole.model.mentors:
        other.mentors[mentor.name].network.load_state_dict(mentor.network.state_dict())
    resumed = tiny.run(
        tmp_path / 'parts', other, epochs=3, hooks=[dict(HOOK)], resume=True
    )
    expected, actual = weights_of(whole), weights_of(resumed)
    assert set(actual) == set(expected)
    for name, value in expected.items():
        assert torch.equal(actual[name], value), name
    assert report_of(tmp_path / 'parts') == report_of(tmp_path / 'whole')


def test_sums_of_an_earlier_version_are_left_out(tiny, tmp_path):
    """A checkpoint from before a statistic was added is resumed all the same."""
    tiny.run(tmp_path, epochs=1, hooks=[dict(HOOK)])
    path = tmp_path / 'epoch_1.pth'
    checkpoint = torch.load(path, weights_only=True)
    stored = checkpoint['meta']['classroom']
    del stored['rows']
    stored['since_log'] = dict(values=torch.zeros(6, 3), size=8)
    torch.save(checkpoint, path)
    tiny.run(tmp_path, epochs=2, hooks=[dict(HOOK)], resume=True)
    assert [line['epoch'] for line in report_of(tmp_path)] == [1, 2]


def test_report_of_epochs_that_are_run_again_is_cut(tiny, tmp_path):
    tiny.run(tmp_path, epochs=3, hooks=[dict(HOOK)])
    first = report_of(tmp_path)
    tiny.run(
        tmp_path,
        epochs=2,
        hooks=[dict(HOOK)],
        load_from=str(tmp_path / 'epoch_1.pth'),
        resume=True,
    )
    assert report_of(tmp_path) == first[:2]


def test_new_run_begins_a_new_report(tiny, tmp_path):
    for _ in range(2):
        tiny.run(tmp_path, epochs=1, hooks=[dict(HOOK)])
    assert [line['epoch'] for line in report_of(tmp_path)] == [1]


def test_other_mentor_under_the_same_name_is_refused(tiny, tmp_path):
    tiny.run(tmp_path, epochs=1, hooks=[dict(HOOK)])
    other = tiny.build_classroom()
    other.mentors['b'].network.head.fc.bias.data[0] += 1e-3
    allowed = dict(allow_other_mentors=True)
    with pytest.raises(ValueError, match=r"(?s)mentor 'b'.*allow_other_mentors"):
        tiny.run(tmp_path, other, epochs=2, hooks=[dict(HOOK)], resume=True)
    runner = tiny.run(
        tmp_path,
        other,
        epochs=2,
        hooks=[dict(HOOK), dict(type='mmrazor.MentorManifestHook', **allowed)],
        resume=True,
    )
    assert runner.epoch == 2
    meta = torch.load(tmp_path / 'epoch_2.pth', weights_only=True)['meta']
    assert meta['mentors']['b']['sha256'] == other.mentors['b'].fingerprint()


def test_the_mentors_are_checked_before_training(tiny, tmp_path):
    tiny.run(tmp_path, epochs=1, hooks=[dict(HOOK)])
    other = tiny.build_classroom(seed=7)
    runner = tiny.run(
        tmp_path, other, epochs=2, hooks=[dict(HOOK)], resume=True, train=False
    )
    with pytest.raises(ValueError, match="mentor 'a' had other weights"):
        runner.train()


def test_another_classroom_may_start_from_the_weights(tiny, tmp_path):
    """Loading is not resuming: fine-tuning with new mentors is nobody's mistake."""
    tiny.run(tmp_path / 'one', epochs=1, hooks=[dict(HOOK)])
    other = tiny.build_classroom(seed=7)
    start = str(tmp_path / 'one' / 'epoch_1.pth')
    runner = tiny.run(
        tmp_path / 'two', other, epochs=1, hooks=[dict(HOOK)], load_from=start
    )
    assert runner.epoch == 1


def test_manifest_sees_every_change_of_a_mentor(tiny):
    model = tiny.build_classroom()
    mentor = model.mentors['a']
    seen = {mentor.fingerprint()}
    assert mentor.fingerprint() in seen
    for tensor in mentor.network.state_dict().values():
        tensor += 1
        assert mentor.fingerprint() not in seen
        seen.add(mentor.fingerprint())
    mentor.network.double()
    assert mentor.fingerprint() not in seen
    assert model.mentors.manifest()['a']['sha256'] == mentor.fingerprint()


def test_same_weights_have_the_same_fingerprint(tiny):
    one, two = (tiny.build_classroom().mentors['a'] for _ in range(2))
    assert one is not two
    assert one.fingerprint() == two.fingerprint()


# Other hooks --------------------------------------------------------------------


@pytest.fixture
def one_process():
    """A process group of this process alone, so that DDP can be built."""
    store = torch.distributed.HashStore()
    torch.distributed.init_process_group('gloo', store=store, rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize('finds_unused', [False, True])
def test_ddp_would_wait_for_connectors_after_the_stop(
    tiny, one_process, tmp_path, finds_unused
):
    from mmengine.model import MMDistributedDataParallel

    source = dict(type='ModuleOutputs', source='backbone.conv')
    records = dict(s_feature=dict(from_student=True, connector='c'),
                   t_feature=dict(from_student=False, mentor='a'))  # fmt: skip
    distiller = dict(
        student_recorders=dict(
            logits=dict(type='ModuleOutputs', source='head'), conv=source
        ),
        mentor_recorders=dict(a=dict(conv=source)),
        connectors=dict(
            c=dict(type='ConvModuleConnector', in_channel=4, out_channel=6)
        ),
        distill_losses=dict(loss_l2=dict(type='L2Loss')),
        loss_forward_mappings=dict(
            loss_l2={name: dict(r, recorder='conv') for name, r in records.items()}
        ),
    )
    model = MMDistributedDataParallel(
        tiny.build_classroom(distiller=distiller), find_unused_parameters=finds_unused
    )
    hooks = [dict(HOOK), dict(type='mmrazor.StopDistillHook', stop_epoch=1)]
    if finds_unused:
        assert tiny.run(tmp_path, model, hooks=hooks).iter == 8
        return
    with pytest.raises(ValueError, match=r"get no gradients \('connectors\.c\..*find_"):
        tiny.run(tmp_path, model, hooks=hooks)
    tiny.run(tmp_path / 'never', model, hooks=[hooks[0], dict(hooks[1], stop_epoch=2)])


def test_distillation_stops(tiny, tmp_path):
    stop = dict(type='mmrazor.StopDistillHook', stop_epoch=1)
    runner = tiny.run(tmp_path, hooks=[dict(HOOK), stop])
    assert runner.model.distillation_stopped
    assert [line['epoch'] for line in report_of(tmp_path)] == [1]
    losses = {
        name: runner.message_hub.log_scalars[f'train/{name}'].data[0]
        for name in ('loss', 'student.loss', 'distill.loss_classroom')
    }
    assert len(losses['loss']) == 8
    assert len(losses['distill.loss_classroom']) == 4
    assert (losses['loss'][:4] > losses['student.loss'][:4]).all()
    assert (losses['loss'][4:] == losses['student.loss'][4:]).all()


def test_moving_average(tiny, tmp_path):
    """EMAHook keeps averaging the student, through a resume, and saves its weights."""
    ema = dict(type='EMAHook', momentum=0.3)
    hooks = [dict(HOOK), ema]
    whole = tiny.run(tmp_path / 'whole', hooks=hooks)
    tiny.run(tmp_path / 'parts', epochs=1, hooks=hooks)
    parts = tiny.run(tmp_path / 'parts', hooks=hooks, resume=True)
    checkpoints = [
        torch.load(tmp_path / name / 'epoch_2.pth', weights_only=True)
        for name in ('whole', 'parts')
    ]
    student = set(whole.model.student.state_dict())
    for one in checkpoints:
        assert set(one['state_dict']) == student
        assert set(one['ema_state_dict']) == {
            'steps',
            *(f'module.{name}' for name in student),
        }
    for name in student:
        averages = [one['state_dict'][name] for one in checkpoints]
        torch.testing.assert_close(*averages, msg=name)
        assert torch.equal(
            parts.model.student.state_dict()[name],
            checkpoints[1]['ema_state_dict'][f'module.{name}'],
        )
    name = 'head.fc.weight'
    assert not torch.equal(
        checkpoints[0]['state_dict'][name],
        checkpoints[0]['ema_state_dict'][f'module.{name}'],
    )


# Broken outputs -----------------------------------------------------------------


@pytest.fixture
def warnings(caplog):
    """Warnings of the run that follows."""
    handler = caplog.handler

    def collect(runner):
        runner.logger.addHandler(handler)

    yield (
        collect,
        lambda: [
            record.getMessage()
            for record in caplog.records
            if record.levelno == logging.WARNING
        ],
    )


def test_broken_mentor_is_warned_about_once(tiny, tmp_path, warnings):
    collect, messages = warnings
    model = tiny.build_classroom()
    model.mentors['b'].network.head.fc.bias.data[1] = math.nan
    runner = tiny.run(tmp_path, model, hooks=[dict(HOOK)], train=False)
    collect(runner)
    runner.train()
    found = [message for message in messages() if 'NaN' in message]
    assert len(found) == 1
    assert "'b'" in found[0]
    assert "'a'" not in found[0]
    for line in report_of(tmp_path):
        assert line['mentors']['b']['invalid'] == 20
        assert line['mentors']['b']['taught'] == 0
        assert line['mentors']['b']['temperature'] is None
        assert line['mentors']['a']['invalid'] == 0
        assert line['mentors']['a']['taught'] > 0
    assert all(p.isfinite().all() for p in runner.model.parameters())


def test_broken_student_stops_the_run(tiny, tmp_path):
    model = tiny.build_classroom()
    model.student.head.fc.bias.data[1] = math.nan
    with pytest.raises(FloatingPointError, match='student'):
        tiny.run(tmp_path, model, hooks=[dict(HOOK)])


@pytest.mark.parametrize('level', ['sample', 'batch'])
def test_on_an_accelerator_the_hook_stops_it(tiny, tmp_path, monkeypatch, level):
    """There nothing is checked within a step, lest the host wait for the device."""
    import sys

    where = 'classroomkd_mm.functional.lesson'
    monkeypatch.setattr(sys.modules[where], 'require_finite_student', lambda _: None)
    model = tiny.build_classroom(
        distiller=dict(
            type='ClassroomDistiller',
            knowledge_filter=dict(type='KnowledgeFilter', level=level),
        )
    )
    model.student.head.fc.bias.data[1] = math.nan
    with pytest.raises(FloatingPointError, match=r'student.*last 2 iterations'):
        tiny.run(tmp_path, model, hooks=[dict(HOOK)])
