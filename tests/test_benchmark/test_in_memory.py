# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Trainings in memory are those of MMEngine's loop."""

import importlib
import json

import pytest
import torch
from mmengine.config import Config


@pytest.fixture
def renamed_suite(short_suite, tmp_path):
    """The short suite, the checkpoint of whose only mentor has other class names."""
    from classroomkd_mm.benchmark.suite import Suite

    mentor = Suite.read(str(short_suite)).mentors['resnet14-w20']
    checkpoint = torch.load(mentor['ckpt'], map_location='cpu', weights_only=False)
    checkpoint['meta'] = dict(dataset_meta=dict(classes=tuple('1234567890')))
    torch.save(checkpoint, tmp_path / 'renamed.pth')
    mentors = {
        'resnet14-w20': dict(ckpt=str(tmp_path / 'renamed.pth')),
        'resnet8-w8': None,
        'resnet8-w3': None,
    }
    path = tmp_path / 'renamed.py'
    path.write_text(
        f'_base_ = {str(short_suite)!r}\nbenchmark = dict(mentors={mentors!r})'
    )
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ('suite', 'method'),
    [
        ('short_suite', 'alone'),
        ('short_suite', 'camkd_n'),
        ('short_mixed_suite', 'classroom'),
        ('short_suite', 'takd'),
        ('short_pose_suite', 'classroom'),
        ('renamed_suite', 'camkd_features'),
    ],
)
def test_as_with_the_loop_of_mmengine(
    suite, method, tmp_path, monkeypatch, capsys, request
):
    from mmengine.runner import Runner

    from classroomkd_mm.benchmark import in_memory

    kept = {}
    real = in_memory.train_one

    def keep(run, *parts):
        kept['run'], (kept['model'], accuracy) = run, real(run, *parts)
        return kept['model'], accuracy

    monkeypatch.setattr(in_memory, 'train_one', keep)
    arguments = [
        str(request.getfixturevalue(suite)),
        '--seeds',
        '0',
        '--out',
        str(tmp_path / 'out'),
    ]
    in_memory.main([*arguments, '--methods', method])
    record = json.loads((kept['run'].folder / 'record.json').read_text())

    cfg = kept['run'].config
    cfg.work_dir = str(tmp_path / 'loop')
    runner = Runner.from_cfg(cfg)
    runner.train()
    ours, theirs = kept['model'].state_dict(), runner.model.state_dict()
    for name in theirs:
        torch.testing.assert_close(ours[name], theirs[name], rtol=1e-4, atol=1e-5)
    loop = json.loads((tmp_path / 'loop' / 'record.json').read_text())
    for entry in ('metrics', 'by_class'):
        assert record[entry] == pytest.approx(loop[entry])
    assert set(record) - {'loop'} <= set(loop)
    capsys.readouterr()
    in_memory.main([*arguments, '--methods', method])
    assert 'seed 0' not in capsys.readouterr().out  # nothing is left to do
    (kept['run'].folder / 'record.json').unlink()
    in_memory.main([*arguments, '--methods', method])
    assert 'left to the process that began it' in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize('suite', ['short_suite', 'short_pose_suite'])
def test_two_at_a_time(suite, tmp_path, request):
    from classroomkd_mm.benchmark import in_memory

    suite = str(request.getfixturevalue(suite))
    measured = []
    for jobs in (1, 2):
        out = tmp_path / str(jobs)
        methods = [
            '--methods',
            'alone',
            'classroom',
            '--seeds',
            '0',
            '--jobs',
            str(jobs),
        ]
        in_memory.main([suite, *methods, '--out', str(out)])
        records = sorted(out.glob('runs/*/seed0/record.json'))
        measured.append([json.loads(file.read_text())['metrics'] for file in records])
    assert len(measured[0]) == 2
    for one, two in zip(*measured, strict=True):
        assert one == pytest.approx(two)


BROKEN = """
title = 'broken'
kind = 'baseline'
live = True
distiller = dict(distill_losses=dict(loss_classroom=dict(type='NoSuchLoss')))
"""


@pytest.mark.slow
def test_a_failure_with_two_at_a_time(short_suite, tmp_path):
    from classroomkd_mm.benchmark import in_memory

    method, out = tmp_path / 'broken.py', tmp_path / 'out'
    method.write_text(BROKEN)
    arguments = [str(short_suite), '--methods', str(method), 'alone', '--seeds', '0']
    with pytest.raises(SystemExit, match='1 of 2 runs failed: broken, seed 0'):
        in_memory.main([*arguments, '--jobs', '2', '--out', str(out)])
    assert 'NoSuchLoss' in (out / 'runs/broken/seed0/failure.txt').read_text()
    assert (out / 'runs/alone/seed0/record.json').is_file()


def test_a_run_that_another_process_began_is_left_to_it(tmp_path):
    from classroomkd_mm.benchmark.in_memory import begin

    assert begin(tmp_path / 'seed0')
    assert not begin(tmp_path / 'seed0')


@pytest.fixture
def train(plan_of, monkeypatch, finish):
    """Train the student alone and with KD, where the latter raises an error."""
    from classroomkd_mm.benchmark import in_memory

    def train(error, processes=1):
        plan = plan_of('kd', 'alone', seeds=[0, 1])

        def train_one(run, *_):
            if 'kd' in run.folder.parts and error is not None:
                raise error
            finish(run.folder, 50)
            return None, 50

        monkeypatch.setattr(in_memory, 'train_one', train_one)
        in_memory.forget_failures(plan)
        for number in range(processes):
            in_memory.work(number, plan, None, None, dict(strong=torch.zeros(1, 4)))
        return plan

    return train


def test_a_failure_stops_no_other_run_and_can_be_tried_again(train, capsys):
    plan = train(ValueError('no such layer\nin this network'))
    states = {job.folder: job.runs[-1].state for job in plan.jobs}
    assert list(states.values()) == ['to do', 'finished'] * 2
    (folder, *_) = states
    assert (folder / 'failure.txt').read_text() == 'ValueError: no such layer'
    assert 'seed 0, failed: ValueError: no such' in capsys.readouterr().out
    train(None)
    assert {job.runs[-1].state for job in plan.jobs} == {'finished'}
    assert not (folder / 'failure.txt').exists()


def test_no_second_process_tries_what_failed(train, capsys):
    train(ValueError('no such layer'), processes=2)
    assert capsys.readouterr().out.count('seed 0, failed: ValueError: no such') == 1
    plan = train(None)
    assert {job.runs[-1].state for job in plan.jobs} == {'finished'}


def test_a_failure_of_what_another_process_has_begun_is_kept(plan_of):
    from classroomkd_mm.benchmark.in_memory import begin, forget_failures

    plan = plan_of('kd', 'alone', seeds=[0])
    begun, free = (job.folder for job in plan.jobs)
    begin(begun)
    free.mkdir(parents=True)
    for folder in (begun, free):
        (folder / 'failure.txt').touch()
    forget_failures(plan)
    assert (begun / 'failure.txt').exists()
    assert not (free / 'failure.txt').exists()


def test_an_interrupted_run_can_be_tried_again(train):
    with pytest.raises(KeyboardInterrupt):
        train(KeyboardInterrupt())
    plan = train(None)
    assert {job.runs[-1].state for job in plan.jobs} == {'finished'}


def test_a_mentor_whose_training_fails_can_be_tried_again(tmp_path, monkeypatch):
    from mmengine.runner import Runner

    from classroomkd_mm.benchmark.in_memory import train_mentor
    from classroomkd_mm.benchmark.plan import Run

    def fail(cfg):
        raise OSError('no such file')

    monkeypatch.setattr(Runner, 'from_cfg', fail)
    run = Run('mentor new', tmp_path / 'new', Config(dict(model=dict(type='Net'))))
    run.write()
    for _ in range(2):
        with pytest.raises(OSError, match='no such file'):
            train_mentor(run)


def test_failures_are_in_the_exit_code(suite_file, tmp_path, monkeypatch):
    from classroomkd_mm.benchmark import in_memory

    def train_all(plan, jobs):
        (failed, _) = plan.jobs
        failed.folder.mkdir(parents=True)
        (failed.folder / 'failure.txt').touch()

    monkeypatch.setattr(in_memory, 'train_all', train_all)
    arguments = [str(suite_file), '--methods', 'kd', 'alone', '--seeds', '1']
    with pytest.raises(SystemExit, match='1 of 2 runs failed: KD.*, seed 1'):
        in_memory.main([*arguments, '--out', str(tmp_path / 'out')])


def test_the_benchmark_command_has_its_folder_to_itself(suite_file, tmp_path):
    from classroomkd_mm.benchmark import in_memory, running

    out = tmp_path / 'out'
    with running.locked(out):
        with pytest.raises(RuntimeError, match='Another benchmark is training in'):
            in_memory.main([str(suite_file), '--methods', 'alone', '--out', str(out)])
    assert not (out / 'runs').exists()


def test_two_processes_may_write_the_initial_weights(plan_of, short_suite, monkeypatch):
    from classroomkd_mm.benchmark.start import write_start

    plan, save, drafts = plan_of('alone', suite=short_suite), torch.save, []
    plan.write()
    file = plan.start(1)

    def save_slowly(content, draft):
        drafts.append(draft)
        save(content, draft)
        assert not file.exists()  # what is not whole is not there
        if len(drafts) == 1:  # another process comes along
            write_start(file.with_suffix('.py'), file)

    monkeypatch.setattr(torch, 'save', save_slowly)
    write_start(file.with_suffix('.py'), file)
    assert len(drafts) == 2
    assert torch.load(file)['state_dict']
    assert {path.name for path in file.parent.iterdir()} == {
        'seed0.py', 'seed1.py', 'seed1.pth',
    }  # fmt: skip


def test_what_cannot_be_had_in_memory_is_refused(short_suite, tmp_path):
    from classroomkd_mm.benchmark import in_memory

    with pytest.raises(ValueError, match=r"'crd' .*the hook mmrazor\.ContrastHook "):
        in_memory.main([str(short_suite), '--methods', 'crd', '--out', str(tmp_path)])
    with pytest.raises(ValueError, match="'stick_figures' has no cached"):
        in_memory.main(['stick_figures', '--methods', 'kl', '--out', str(tmp_path)])


@pytest.mark.parametrize(
    ('text', 'what'),
    [
        ("custom_hooks = [dict(type='EMAHook')]", 'the hook EMAHook'),
        (
            'default_hooks = dict(param_scheduler=None)',
            'default_hooks.param_scheduler=None',
        ),
        (
            'benchmark = dict(mentors=dict(weak=dict(every=2)))',
            "every=2 of the mentor 'weak'",
        ),
        (
            'train_cfg = dict(_delete_=True, by_epoch=False, max_iters=3)',
            'a train_cfg that counts iterations',
        ),
        ('optim_wrapper = dict(accumulative_counts=2)', 'accumulative_counts=2'),
    ],
)
def test_what_would_have_no_effect_is_refused(text, what, changed, tmp_path):
    from classroomkd_mm.benchmark import in_memory

    arguments = [str(changed(text)), '--methods', 'classroom', '--out', str(tmp_path)]
    with pytest.raises(ValueError, match=f"'classroom' .*'changed' .* {what} would"):
        in_memory.main(arguments)


def test_metrics_that_it_cannot_measure_are_refused(plan_of, changed):
    from classroomkd_mm.benchmark import in_memory

    text = "benchmark = dict(metrics={'accuracy/top5': dict(title='top 5')})"
    with pytest.raises(ValueError, match="suite 'changed', accuracy/top5 cannot be"):
        in_memory.check(plan_of('alone', suite=changed(text)))
    in_memory.check(plan_of('alone'))


def test_a_stage_is_refused_too(plan_of, tmp_path):
    from classroomkd_mm.benchmark import in_memory

    method = tmp_path / 'staged.py'
    hooks = dict(contrast=dict(type='mmrazor.ContrastHook'))
    stages = dict(first=dict(default_hooks=hooks))
    method.write_text(f"title = 'Staged'\nkind = 'ours'\nstages = {stages!r}")
    with pytest.raises(ValueError, match="'staged' .*ContrastHook"):
        in_memory.check(plan_of(str(method)))


def test_a_mentor_with_other_names_is_refused_as_by_a_cache(renamed_suite, tmp_path):
    from classroomkd_mm.benchmark import in_memory

    out = ['--out', str(tmp_path / 'out'), '--seeds', '0']
    with pytest.raises(ValueError, match="'resnet14-w20' has a cache.*class_map"):
        in_memory.main([str(renamed_suite), '--methods', 'average_n', *out])
    assert not list(tmp_path.glob('out/runs/*/*/begun'))


@pytest.mark.parametrize('module', ['command', 'in_memory'])
@pytest.mark.parametrize('jobs', ['0', '-1', '1.5', 'two'])
def test_a_number_of_jobs_that_cannot_be(module, jobs, capsys):
    main = importlib.import_module(f'classroomkd_mm.benchmark.{module}').main
    with pytest.raises(SystemExit):
        main(['digits', '--methods', 'alone', f'--jobs={jobs}'])
    assert f'{jobs!r} must be a whole number of 1 or more' in capsys.readouterr().err
