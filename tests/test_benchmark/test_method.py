# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Methods are small files, found by every suite of their task."""

import re

import pytest

from classroomkd_mm.benchmark.method import Method, find_methods


def test_the_student_alone_comes_first_and_baselines_before_ours():
    for task in ('classification', 'pose'):
        methods = find_methods(task)
        kinds = [method.kind for method in methods]
        assert kinds[0] == 'alone'
        assert kinds.count('alone') == 1
        assert kinds == sorted(kinds)
        assert len({method.title for method in methods}) == len(methods)


def test_named_methods_keep_their_order():
    names = ['kd', 'alone', 'classroom']
    assert [m.name for m in find_methods('classification', names)] == names


def test_a_file_elsewhere_is_a_method(tmp_path):
    path = tmp_path / 'mine.py'
    path.write_text("title = 'mine'\nkind = 'ours'\n")
    (method,) = find_methods('pose', [str(path)])
    assert (method.name, method.mentors) == ('mine', 'all')


def test_an_unknown_method_has_a_close_match():
    with pytest.raises(ValueError, match=r"'clasroom'.*Did you mean 'classroom'\?"):
        find_methods('classification', ['clasroom'])


def test_a_method_is_named_once():
    with pytest.raises(ValueError, match="'kd' is given twice"):
        find_methods('classification', ['kd', 'alone', 'kd'])


def test_two_files_of_one_name_would_share_their_runs(tmp_path):
    path = tmp_path / 'kd.py'
    path.write_text("title = 'my KD'\nkind = 'ours'\n")
    with pytest.raises(ValueError, match="'kd' is given twice.*rename one"):
        find_methods('classification', ['kd', str(path)])


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (dict(kind='ours'), 'needs a `title`'),
        (dict(title='mine', kind='best'), "kind='best'"),
        (dict(title='mine', kind='ours', mentors='worst'), "mentors='worst'"),
    ],
)
def test_what_a_method_cannot_say(content, message):
    with pytest.raises(ValueError, match=message):
        Method.of('mine', content, 'mine.py')


@pytest.mark.parametrize(
    ('entry', 'close'),
    [('mentor', 'mentors'), ('distilller', 'distiller'), ('load_from', '')],
)
def test_an_unknown_entry_has_a_close_match(entry, close):
    hint = f"Did you mean '{close}'?" if close else 'It has: custom_hooks'
    message = re.escape(f'The method mine.py has no option {entry!r}. {hint}')
    content = dict(title='mine', kind='ours')
    with pytest.raises(TypeError, match=message):
        Method.of('mine', {**content, entry: {}}, 'mine.py')
    stages = Method.of('mine', dict(content, stages=dict(first={entry: {}})), 'mine.py')
    with pytest.raises(TypeError, match=rf'mine\.stages\.first has no .*{entry}'):
        stages.stage('first')


def test_a_stage_has_no_stages_of_its_own():
    stages = dict(last=dict(stages=dict(first={})))
    method = Method.of('mine', dict(title='mine', kind='ours', stages=stages), '')
    with pytest.raises(ValueError, match=r"mine\.stages\.last has .*into .*'mine'"):
        method.stage('last')


@pytest.fixture
def configs_of(plan_of, tmp_path):
    """Write a method, and the configs of its trainings."""

    def write(text):
        path = tmp_path / 'mine.py'
        path.write_text(f"title = 'mine'\nkind = 'ours'\n{text}")
        (job,) = plan_of(str(path), seeds=[0]).jobs
        return [run.config for run in job.runs]

    return write


def test_hooks_and_imports_come_to_those_of_the_suite(configs_of):
    (plain,) = configs_of('')
    (cfg,) = configs_of(
        "custom_hooks = [dict(type='EMAHook')]\n"
        "custom_imports = dict(imports=['my_losses'])\n"
        "default_hooks = dict(contrast=dict(type='mmrazor.ContrastHook'))"
    )
    assert cfg.custom_hooks == [*plain.custom_hooks, dict(type='EMAHook')]
    assert cfg.custom_imports.imports == [*plain.custom_imports.imports, 'my_losses']
    assert set(cfg.default_hooks) == {'contrast'}


def test_a_misspelled_fact_is_one_of_a_method(configs_of):
    with pytest.raises(ValueError, match="'mine'.*num_clases.*mean 'num_classes'"):
        configs_of("distiller = dict(task_weight='{num_clases}')")


BETTER = "dict(type='Pretrained', checkpoint='better.pth')"


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        (f'model = dict(init_cfg={BETTER})', 'starts from .*better.pth'),
        (f'mentors = ""\nmodel = dict(init_cfg={BETTER})', 'starts from .*better.pth'),
        (
            f'model = dict(architecture=dict(init_cfg={BETTER}))',
            'starts from .*better.pth',
        ),
        ('model = dict(architecture=dict(init_cfg=None))', 'starts from None'),
        ("start = 'better.pth'", 'starts from .*better.pth'),
        (
            f'stages = dict(a=dict(model=dict(architecture=dict(init_cfg={BETTER}))))',
            'starts from .*better.pth',
        ),
        ('default_hooks = dict(param_scheduler=None)', 'param_scheduler, which all'),
    ],
)
def test_a_head_start_and_another_schedule_are_refused(configs_of, text, message):
    with pytest.raises(ValueError, match=f'is not trained as the others.*{message}'):
        configs_of(text)


def test_a_method_may_start_from_a_stage_and_a_stage_may_be_of_another_network(
    configs_of,
):
    assistant = 'dict(mentors="", model=dict(backbone=dict(depth=9)))'
    first, second, last = configs_of(
        f"stages = dict(a=dict(), b={assistant})\nstart = '{{stages.a}}'"
    )
    start = last.model.architecture.init_cfg.checkpoint
    assert start.endswith('mine/seed0/a/epoch_3.pth')
    assert first.model.architecture.init_cfg.checkpoint.endswith('starts/seed0.pth')
    assert second.model.init_cfg is None
