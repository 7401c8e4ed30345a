# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The command line: what is refused before the first run, and what only looks."""

import pytest

from classroomkd_mm.benchmark import command


@pytest.fixture
def benchmark(suite_file, tmp_path, monkeypatch):
    def call(*arguments):
        monkeypatch.setattr(command, 'train', lambda *_: pytest.fail('it was started'))
        out = ['--out', str(tmp_path / 'out')]
        return command.main([str(suite_file), *out, *arguments])

    return call


def test_a_dry_run_says_what_would_be_done_and_does_nothing(
    benchmark, tmp_path, capsys
):
    benchmark('--dry-run', '--methods', 'alone', 'kd')
    printed = capsys.readouterr().out
    assert '4 trainings: 0 finished, 0 interrupted, 4 to do.' in printed
    assert not (tmp_path / 'out').exists()
    benchmark('--dry-run')  # all methods; what the suite cannot have is named
    assert 'left out     rkd: benchmark.features' in capsys.readouterr().out


def test_a_run_that_failed_is_seen_by_scripts(
    benchmark, suite_file, tmp_path, monkeypatch
):
    out = tmp_path / 'out'

    def train(plan, workers):
        plan.write()
        plan.jobs[0].folder.mkdir(parents=True)
        (plan.jobs[0].folder / 'failure.txt').write_text('ValueError: no logits')

    monkeypatch.setattr(command, 'train', train)
    arguments = ['--methods', 'alone', 'kd', '--seeds', '0']
    with pytest.raises(SystemExit, match='1 of 2 runs failed: student alone, seed 0'):
        command.main([str(suite_file), '--out', str(out), *arguments])
    assert 'ValueError: no logits' in (out / 'benchmark.md').read_text()
    benchmark('--collect', *arguments)  # the page is all that was asked for


@pytest.fixture
def made(monkeypatch):
    """Notes the initial weights instead of making them."""
    from classroomkd_mm.benchmark import start

    files = []
    monkeypatch.setattr(start, 'write_start', lambda config, file: files.append(file))
    return files


def test_commands_are_ordinary_trainings(benchmark, tmp_path, capsys, made):
    benchmark('--print-commands', '--methods', 'alone', 'kd', '--seeds', '4')
    cache, *runs = capsys.readouterr().out.splitlines()
    config = tmp_path / 'out/runs/kd/seed4.py'
    assert cache == (
        f'mim run classroomkd_mm cache_mentors {config} '
        f'--work-dir {tmp_path / "out/cache_log"}'
    )
    assert runs[1] == (
        f'mim train classroomkd_mm {config} --work-dir {config.with_suffix("")} '
        '--resume'
    )
    assert config.is_file()
    assert made == [tmp_path / 'out/starts/seed4.pth']


def test_what_is_finished_has_no_command(benchmark, tmp_path, finish, capsys, made):
    from classroomkd_mm.benchmark.plan import Plan
    from classroomkd_mm.benchmark.suite import Suite

    arguments = ('--print-commands', '--methods', 'kd', '--seeds', '4')
    benchmark(*arguments)
    finish(tmp_path / 'out/runs/kd/seed4', 33.0)
    capsys.readouterr()
    benchmark(*arguments)
    assert capsys.readouterr().out == '\n'  # nor is the cache filled again

    plan = Plan(Suite.read('demo'), [], [], tmp_path, strict=True)
    first, *others = plan.pretraining.values()
    finish(first.folder, 33.0)
    commands = command.commands(plan).splitlines()
    assert [line.split()[3] for line in commands] == [str(run.path) for run in others]


def test_collecting_trains_nothing(benchmark, tmp_path, finish, capsys, made):
    benchmark('--print-commands', '--methods', 'alone')
    finish(tmp_path / 'out/runs/alone/seed0', 33.0)
    for file in tmp_path.glob('*.pth'):
        file.unlink()  # nor does it need the mentors
    benchmark('--collect', '--methods', 'alone', 'kd')
    assert '| student alone | 33.00 |' in capsys.readouterr().out
    assert {file.suffix for file in (tmp_path / 'out').glob('benchmark.*')} == {
        '.md', '.csv', '.json', '.png',
    }  # fmt: skip
    with pytest.raises(FileNotFoundError, match=r'nowhere has no suite\.json'):
        benchmark('--collect', str(tmp_path / 'nowhere'), '--methods', 'alone')


def test_an_out_with_nothing_to_collect_is_not_made(benchmark, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'out has no suite\.json'):
        benchmark('--collect', '--methods', 'alone')
    assert not (tmp_path / 'out').exists()


def test_runs_are_collected_if_their_configs_are_those_of_the_plan(
    benchmark, tmp_path, finish, made, capsys
):
    chosen = ('--methods', 'kd', '--seeds', '4')
    benchmark('--print-commands', *chosen)
    elsewhere = (tmp_path / 'out').rename(tmp_path / 'elsewhere')
    finish(elsewhere / 'runs/kd/seed4', 99.0)
    benchmark('--collect', str(elsewhere), *chosen)
    assert '| KD, best mentor, τ = 4 | 99.00 |' in capsys.readouterr().out
    config = elsewhere / 'runs/kd/seed4.py'
    config.write_text(config.read_text().replace('tau=4', 'tau=9'))
    with pytest.raises(ValueError, match=r'elsewhere.*tau: 9, now 4'):
        benchmark('--collect', str(elsewhere), *chosen)
    config.unlink()
    with pytest.raises(ValueError, match=r'seed4\.py is missing.*Copy the config'):
        benchmark('--collect', str(elsewhere), *chosen)


@pytest.mark.parametrize(
    ('arguments', 'error', 'message'),
    [
        (['--methods', 'clasroom'], ValueError, "Did you mean 'classroom'"),
        (['--seeds', '1', '1'], ValueError, 'seed 1 is given twice'),
    ],
)
def test_what_is_refused(benchmark, arguments, error, message):
    with pytest.raises(error, match=message):
        benchmark(*arguments)


def test_a_missing_mentor_is_found_before_the_first_run(benchmark, tmp_path):
    (tmp_path / 'strong.pth').unlink()
    with pytest.raises(FileNotFoundError, match="mentor 'strong': its checkpoint"):
        benchmark('--methods', 'alone')
