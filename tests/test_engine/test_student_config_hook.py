# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The hook that leaves a student config; tests of inference use what it leaves."""

import pytest


@pytest.fixture
def hook(tiny):
    from classroomkd_mm.engine import StudentConfigHook

    return StudentConfigHook


@pytest.fixture
def runner(tiny, tmp_path):
    """Make a runner whose config is read from a file of this name."""
    from mmengine.config import Config

    def make(name='run.py', **options):
        runner = tiny.run(tmp_path / 'work', train=False)
        cfg = dict(model=tiny.classroom_config(), default_scope='mmpretrain')
        Config({**cfg, **options}).dump(str(tmp_path / name))
        runner.cfg = Config.fromfile(tmp_path / name)
        return runner

    return make


def test_classroom_hook_brings_it_along_once(tiny, tmp_path, hook):
    runner = tiny.run(tmp_path, hooks=[dict(type='mmrazor.ClassroomHook')], epochs=1)
    runner.call_hook('before_run')
    order = [type(h).__name__ for h in runner.hooks]
    assert order.count('StudentConfigHook') == 1
    assert order.index('StudentConfigHook') > order.index('ClassroomHook')


def test_no_config_of_the_model_no_student_config(tiny, tmp_path, hook):
    tiny.run(tmp_path, hooks=[hook()], epochs=1)
    assert not (tmp_path / 'student.py').exists()


@pytest.mark.parametrize('name', ['run.py', 'student.py'])
def test_the_runs_own_config_is_not_overwritten(runner, hook, tmp_path, name):
    runner = runner(name)
    runner.dump_config()
    hook().before_train(runner)
    assert 'mentors' in (tmp_path / 'work' / name).read_text()
    alone = 'student_alone.py' if name == 'student.py' else 'student.py'
    assert 'mentors' not in (tmp_path / 'work' / alone).read_text()


def test_what_is_left_out_and_what_stays(runner, hook, tmp_path):
    from mmengine.config import Config

    own = ['classroomkd_mm.engine', 'torch.nn', 'classroomkd_mm.models']
    hook().before_train(
        runner(
            custom_imports=dict(imports=own),
            custom_hooks=[dict(type='mmrazor.ClassroomHook'), dict(type='EMAHook')],
            default_hooks=dict(
                classroom=dict(type='mmrazor.StudentConfigHook'),
                logger=dict(type='LoggerHook'),
            ),
            train_dataloader=dict(batch_size=1),
            optim_wrapper=dict(type='OptimWrapper'),
            load_from='start.pth',
            test_cfg=dict(),
        )
    )
    cfg = Config.fromfile(tmp_path / 'work' / 'student.py')
    assert cfg.model.type == 'mmpretrain.ImageClassifier'
    assert cfg.custom_imports.imports == ['classroomkd_mm', 'torch.nn']
    assert cfg.custom_hooks == [dict(type='EMAHook')]
    assert list(cfg.default_hooks) == ['logger']
    assert cfg.test_cfg == {}
    assert not {'train_dataloader', 'optim_wrapper', 'load_from'} & set(cfg)


def test_a_network_of_this_package_is_imported(tiny, runner, hook, tmp_path):
    from mmengine.config import Config

    import classroomkd_mm.models.backbones  # noqa: F401

    student = dict(tiny.net(), backbone=dict(type='CIFARResNet', depth=8))
    hook().before_train(runner(model=tiny.classroom_config(architecture=student)))
    cfg = Config.fromfile(tmp_path / 'work' / 'student.py')
    imported = cfg.custom_imports
    assert imported.imports[0] == 'classroomkd_mm'
    assert imported.imports[1].startswith('classroomkd_mm.models.backbones')
    assert not imported.allow_failed_imports
