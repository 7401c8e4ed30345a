# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The page, from made-up records."""

import csv
import json
import re
from dataclasses import replace

import pytest

from classroomkd_mm.benchmark.comparison import compare
from classroomkd_mm.benchmark.page import as_json, markdown, table_of_runs
from classroomkd_mm.benchmark.plot import plot
from classroomkd_mm.benchmark.results import collect

VALUES = dict(
    alone=(40.0, 41.0, 42.0),
    kd=(45.0, 45.5, 47.5),
    average=(46.0, 46.0, 48.0),
    classroom=(47.0, 47.5, 49.0),
)
BY_CLASS = dict(alone=[40, 40, 40, 40], classroom=[50, 50, 30, 50])


@pytest.fixture
def plan(plan_of, finish):
    plan = plan_of(*VALUES, 'dist', 'classroom_batch', seeds=(0, 1, 2))
    for name, values in VALUES.items():
        for seed, value in enumerate(values):
            folder = plan.out / 'runs' / name / f'seed{seed}'
            finish(folder, value, BY_CLASS.get(name))
    failed = plan.out / 'runs' / 'dist' / 'seed1'
    failed.mkdir(parents=True)
    (failed / 'failure.txt').write_text('ValueError: no logits')
    return plan


@pytest.fixture
def compared(plan):
    return compare(plan.suite, collect(plan))


@pytest.fixture
def rows(compared):
    return compared[0]


def line_of(text, start):
    (line,) = [line for line in text.splitlines() if line.startswith(f'| {start} |')][
        :1
    ]
    return [cell.strip() for cell in line.split('|')[1:-1]]


def test_markdown(plan, compared):
    rows, _ = compared
    text = markdown(plan.suite, *compared, {}, dict(rkd='it needs features'))
    ours = line_of(text, '**classroom, sample, W = 1**')
    assert ours[1:3] == ['47.83', '47.00, 47.50, 49.00']
    assert ours[3].startswith('+6.83 [')
    assert ours[4] == 'ahead'
    # The best baseline is the average, not KD.
    assert ours[5].startswith('+1.17 [')
    assert ours[6:] == ['ahead', '3 of 4']
    assert 'The best baseline: average of the mentors, τ = 4.' in text
    assert 'ahead or behind: in 24% with 3, 16% with 5, 10% with 10 seeds.' in text
    baseline = line_of(text, 'average of the mentors, τ = 4')
    assert baseline[3].startswith('+5.67')
    assert baseline[5:] == ['', '', '']
    kd = line_of(text, 'KD, best mentor, τ = 4')
    assert kd[6] == 'behind' or kd[6] == 'undecided'
    assert kd[5].startswith('-0.67')
    assert line_of(text, 'DIST, best mentor')[2] == 'failed: `ValueError: no logits`'
    assert line_of(text, '**classroom, batch, W = 1**')[2] == 'not run yet'
    assert '- DIST, best mentor, seed 1: `ValueError: no logits`' in text
    assert '- rkd: it needs features' in text
    # Best first.
    means = [row.mean for row in rows]
    assert means == sorted(means, reverse=True)
    tables = [line.count('|') for line in text.splitlines() if line[:1] == '|']
    assert len(set(tables)) == 2
    assert '| 20.0 | 900 | 0.50 | 1,234 |' in text


def test_costs_of_different_devices_are_not_averaged(plan, finish):
    folder = plan.out / 'runs' / 'kd'
    finish(folder / 'seed1', 45.0, device='GPU', seconds_per_iteration=0.001)
    # A run in memory does not measure the time.
    finish(folder / 'seed2', 45.0, device='GPU', seconds_per_iteration=None)
    kd = next(r for r in collect(plan) if r.method.name == 'kd')
    assert kd.mean('seconds_per_iteration') is None
    assert kd.mean('trained_parameters') == 1234
    finish(folder / 'seed1', 45.0, seconds_per_iteration=0.04)
    kd = next(r for r in collect(plan) if r.method.name == 'kd')
    assert kd.mean('seconds_per_iteration') == pytest.approx(0.03)


def test_no_title_and_no_failure_breaks_a_table(plan, compared):
    rows, baseline = compared
    by_name = {row.results.method.name: row for row in rows}
    kd, dist = by_name['kd'], by_name['dist']
    method = replace(kd.results.method, title='K|D')
    failures = {1: "TypeError: no | for 'int' in `x`"}
    rows = [
        replace(kd, results=replace(kd.results, method=method)),
        replace(dist, results=replace(dist.results, failures=failures)),
    ]
    text = markdown(plan.suite, rows, baseline, {'a|b': {}}, {})
    tables = [line for line in text.splitlines() if line[:1] == '|']
    assert [line.split(' | ')[0] for line in tables if 'K' in line] == ['| K\\|D'] * 2
    assert "| failed: `TypeError: no \\| for 'int' in 'x'` |" in text
    assert "seed 1: `TypeError: no | for 'int' in 'x'`" in text
    columns = [len(re.findall(r'(?<!\\)\|', line)) for line in tables]
    assert columns == [9] * 4 + [6] * 4 + [3] * 3


def test_csv_and_json(plan, compared):
    rows, _ = compared
    lines = list(csv.DictReader(table_of_runs(plan.suite, rows).splitlines()))
    assert len(lines) == 12
    assert lines[0]['method'] == 'classroom'
    assert float(lines[0]['accuracy/top1']) == 47
    content = json.loads(as_json(plan.suite, *compared))
    assert content['best_baseline'] == 'average'
    ours = content['methods']['classroom']
    assert ours['to_best_baseline']['verdict'] == 'ahead'
    assert ours['by_seed'] == {'0': 47.0, '1': 47.5, '2': 49.0}
    assert ours['classes_improved'] == [3, 4]
    assert content['methods']['dist']['failures'] == {'1': 'ValueError: no logits'}
    assert content['methods']['dist']['mean'] is None


def test_one_seed_has_no_interval(plan_of, finish):
    plan = plan_of('alone', 'classroom', seeds=[0])
    for name, value in dict(alone=1, classroom=2).items():
        finish(plan.out / 'runs' / name / 'seed0', value)
    compared = compare(plan.suite, collect(plan))
    ours = line_of(
        markdown(plan.suite, *compared, {}, {}), '**classroom, sample, W = 1**'
    )
    assert ours[3:5] == ['+1.00', 'undecided']
    assert json.loads(as_json(plan.suite, *compared))


@pytest.mark.parametrize(
    ('kd', 'average', 'best'),
    [
        # Its seeds are easier, and none is shared.
        ({0: 50, 1: 51}, {2: 60, 3: 61}, 'kd'),
        # It has fewer, and is better on all of them.
        ({0: 50, 1: 51, 2: 50}, {0: 60, 1: 61}, 'average'),
        # It has fewer, and may be better or not.
        ({0: 50, 1: 51, 2: 20}, {0: 60, 1: 41}, 'kd'),
        ({0: 50, 1: 51, 2: 20}, {0: 51}, 'kd'),
        # As many, of which two are the same.
        ({0: 50, 1: 51, 2: 90}, {0: 51, 1: 52, 3: 50}, 'average'),
        ({0: 50, 1: 51}, {3: 70}, 'kd'),
        ({0: 50}, {0: 51}, 'average'),
    ],
)
def test_baselines_are_compared_on_the_same_seeds(plan_of, finish, kd, average, best):
    plan = plan_of('alone', 'kd', 'average', 'classroom', seeds=range(4))
    given = dict(kd=kd, average=average, classroom=dict.fromkeys(range(4), 55))
    for name, values in given.items():
        for seed, value in values.items():
            finish(plan.out / 'runs' / name / f'seed{seed}', value)
    rows, baseline = compare(plan.suite, collect(plan))
    assert baseline.method.name == best
    titles = dict(kd='KD, best mentor, τ = 4', average='average of the mentors, τ = 4')
    text = markdown(plan.suite, rows, baseline, {}, {})
    assert f'The best baseline: {titles[best]}.' in text
    ours = line_of(text, '**classroom, sample, W = 1**')
    of = given[best].values()
    assert ours[5].startswith(f'{55 - sum(of) / len(of):+.2f}')


def test_without_a_baseline_none_is_the_best(plan_of, finish):
    plan = plan_of('alone', 'kd', 'classroom', seeds=[0])
    finish(plan.out / 'runs' / 'classroom' / 'seed0', 1.0)
    compared = compare(plan.suite, collect(plan))
    assert 'best baseline: none has' in markdown(plan.suite, *compared, {}, {})
    assert json.loads(as_json(plan.suite, *compared))['best_baseline'] is None


def test_runs_made_elsewhere(plan, plan_of, finish, tmp_path):
    elsewhere = tmp_path / 'elsewhere'
    finish(elsewhere / 'runs' / 'classroom_batch' / 'seed2', 12.0)
    finish(elsewhere / 'runs' / 'kd' / 'seed0', 99.0)
    found = {r.method.name: r for r in collect(plan, [elsewhere])}
    assert found['classroom_batch'].values(plan.suite) == {2: 12.0}
    assert found['kd'].values(plan.suite)[0] == 45.0  # what is here comes first


def test_a_plot_and_one_without_results(plan, rows, plan_of, tmp_path):
    plot(plan.suite, rows, tmp_path / 'a.png')
    plot(plan.suite, [], tmp_path / 'b.png')
    assert (tmp_path / 'a.png').stat().st_size > (tmp_path / 'b.png').stat().st_size


def test_a_title_that_is_wider_than_the_figure_is_not_cut(plan, rows, tmp_path):
    from PIL import Image

    widths = []
    for length in (10, 300):
        suite = replace(plan.suite, title='m' * length)
        plot(suite, rows, tmp_path / 'figure.png')
        widths.append(Image.open(tmp_path / 'figure.png').width)
    assert widths[1] > 2 * widths[0]
