# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""All runs of a seed have student, data, views and schedule in common."""

import pytest

from classroomkd_mm.benchmark.configs import common_part
from classroomkd_mm.benchmark.identity import check_same_suite
from classroomkd_mm.benchmark.suite import Suite


def configs_of(plan):
    return {
        (job.method.name, job.seed): job.runs[-1].config.to_dict() for job in plan.jobs
    }


def test_runs_of_a_seed_differ_in_the_teaching_alone(plan_of):
    plan = plan_of('alone', 'kd', 'classroom')
    parts = [common_part(job.runs[-1].config) for job in plan.jobs if job.seed == 1]
    assert parts[0] == parts[1] == parts[2]
    assert parts[0]['randomness'] == dict(seed=1)
    assert parts[0]['train_dataloader']['dataset']['type'] == 'SeededViews'
    assert parts[0]['train_cfg']['val_interval'] == 3
    starts = {
        cfg['model'].get('architecture', cfg['model'])['init_cfg']['checkpoint']
        for (_, seed), cfg in configs_of(plan).items()
        if seed == 1
    }
    assert starts == {str(plan.start(1))}


def test_who_teaches_and_what_is_cached(plan_of, changed):
    features = dict(
        student=dict(source='backbone', index=0, channels=4),
        mentor=dict(source='layer3', index=None, channels=8, classifier='fc'),
    )
    suite = changed(f'benchmark = dict(features={features!r})')
    plan = plan_of('alone', 'kd_n', 'average', 'fitnets', suite=suite, seeds=[0])
    configs = configs_of(plan)
    assert configs['alone', 0]['model']['type'] == 'ImageClassifier'
    kd, average, fitnets = (
        configs[name, 0]['model'] for name in ('kd_n', 'average', 'fitnets')
    )
    assert list(kd['mentors']) == ['strong']
    losses = kd['distiller']['distill_losses']
    assert losses == dict(loss_kd=dict(type='KLDivergence', tau=4, loss_weight=2))
    assert kd['distiller']['task_weight'] == 'constant'
    assert set(average['mentors']) == {'strong', 'weak'}
    weight = average['distiller']['distill_losses']['loss_classroom']['loss_weight']
    assert weight == 0.5
    assert average['mentor_cache'] == dict(path=str(plan.cache), num_views=2)
    assert 'mentor_cache' not in fitnets
    assert fitnets['distiller']['mentor_recorders']['strong']['features'] == dict(
        type='ModuleOutputs', source='layer3'
    )
    connector = fitnets['distiller']['connectors']['student']
    assert (connector['in_channel'], connector['out_channel']) == (4, 8)
    # Without it, ResNet8 diverged in `cifar100`.
    assert connector['norm_cfg'] == dict(type='BN')
    assert len(plan.cached().config.model.mentors) == 2


def test_a_stage_comes_before_what_starts_from_it(plan_of, changed):
    features = dict(
        student=dict(source='backbone', index=0, channels=4),
        mentor=dict(source='layer3', index=None, channels=8, classifier='fc'),
    )
    suite = changed(f'benchmark = dict(features={features!r})')
    (job,) = plan_of('ab', suite=suite, seeds=[0]).jobs
    stage, last = job.runs
    assert stage.folder.name == 'boundaries'
    assert stage.checkpoint.name == 'epoch_3.pth'
    init = last.config.model.architecture.init_cfg
    assert init.checkpoint == str(stage.checkpoint)
    assert stage.config.model.architecture.head.loss.loss_weight == 0


def test_an_assistant_is_trained_and_then_teaches(plan_of, changed):
    change = dict(assistant=dict(backbone=dict(depth=14), head=dict(num_classes=5)))
    plan = plan_of('takd', 'dgkd', suite=changed(f'benchmark = {change!r}'), seeds=[0])
    for job, teachers in zip(
        plan.jobs, ({'assistant'}, {'assistant', 'strong'}), strict=True
    ):
        stage, last = (run.config.model for run in job.runs)
        assert stage.architecture.backbone.depth == 14
        assert stage.architecture.head.num_classes == 5
        # Not the initial weights of the student, whose network is another one.
        assert stage.architecture.init_cfg is None
        assert list(stage.mentors) == ['strong']
        assert set(last.mentors) == teachers
        assert last.mentors.assistant == dict(
            cfg_path=str(job.runs[0].folder / 'student.py'),
            ckpt=str(job.runs[0].checkpoint),
        )
        assert last.architecture.init_cfg.checkpoint == str(plan.start(0))
        assert last.architecture.head.num_classes == 4


def test_a_mentor_that_is_trained_first(plan_of, changed, tmp_path):
    recipe = tmp_path / 'recipe.py'
    recipe.write_text('train_cfg = dict(max_epochs=7)\nmodel = dict(type="Net")')
    text = f"benchmark = dict(mentors=dict(new=dict(pretrain='{recipe}')))"
    plan = plan_of('classroom', suite=changed(text), seeds=[0])
    first, *_ = plan.runs()
    assert first.title == 'mentor new'
    mentor = plan.jobs[0].runs[-1].config.model.mentors.new
    assert mentor == dict(cfg_path=str(first.path), ckpt=str(first.checkpoint))
    assert first.checkpoint.name == 'epoch_7.pth'


@pytest.mark.parametrize(
    ('text', 'place'),
    [
        ('optim_wrapper = dict(optimizer=dict(lr=0.2))', r'optimizer.lr: 0.1, now 0.2'),
        ('train_cfg = dict(max_epochs=9)', r'max_epochs: 3, now 9'),
        ('train_dataloader = dict(batch_size=9)', r'batch_size: 8, now 9'),
        (
            'train_dataloader = dict(dataset=dict(num_views=9))',
            r'num_views: 2, now 9',
        ),
        ('model = dict(neck=dict(type="Neck"))', r'student.neck'),
        (
            'model = dict(architecture=dict(head=dict(num_classes=9)))',
            r'student.head.num_classes: 4, now 9',
        ),
        ('randomness = dict(seed=9)', r'randomness.seed: 0, now 9'),
    ],
)
def test_a_method_with_an_advantage_is_refused_with_the_difference(
    plan_of, tmp_path, text, place
):
    path = tmp_path / 'unfair.py'
    path.write_text(f"title = 'unfair'\nkind = 'ours'\n{text}")
    with pytest.raises(ValueError, match=f"'unfair' is not trained as.*{place}"):
        plan_of('alone', str(path))


@pytest.mark.parametrize(
    ('seeds', 'why'),
    [
        ([3, 1, 3], 'seed 3 is given twice'),
        ([0, -1], 'seed -1 must be from 0'),
        ([2**32], 'seed 4294967296 must be from 0'),
        ([1000], 'seed 1000 is that of mentors'),
    ],
)
def test_seeds_that_cannot_be_compared(plan_of, seeds, why):
    with pytest.raises(ValueError, match=why):
        plan_of('alone', seeds=seeds)


def test_what_a_suite_cannot_have_is_left_out_or_refused(plan_of):
    with pytest.raises(ValueError, match=r"'rkd' needs more: benchmark\.features"):
        plan_of('alone', 'rkd')
    plan = plan_of('alone', 'rkd', strict=False)
    assert [method.name for method in plan.methods] == ['alone']
    assert 'features.mentor.classifier is not in the suite' in plan.left_out['rkd']


def test_a_folder_of_another_suite_is_refused(plan_of, changed):
    plan = plan_of('alone')
    plan.write()
    plan.check()
    other = changed('train_cfg = dict(max_epochs=5)', 'other')
    with pytest.raises(ValueError, match=r"suite 'tiny'.*max_epochs: 3, now 5"):
        plan_of('alone', suite=other).check()
    check_same_suite(Suite.read(str(other)), plan.out / 'not there')


def test_data_can_be_moved(plan_of, changed, finish):
    def plan(root, prefix='train'):
        data = dict(data_root=f'{root}/cifar100', data_prefix=f'images/{prefix}')
        text = f'train_dataloader = dict(dataset={data!r})\npublished = {root!r}'
        return plan_of('classroom', suite=changed(text), seeds=[0])

    first = plan('/home/a')
    first.write()
    finish(first.jobs[0].folder, 50)
    plan('/scratch/b').check()
    plan('data').check()
    with pytest.raises(ValueError, match=r'data_prefix: "images/train", now "images/v'):
        plan('/home/a', prefix='val').check()


def test_a_run_with_another_config_is_refused(plan_of, finish):
    plan = plan_of('classroom', seeds=[0])
    plan.write()
    (run,) = plan.jobs[0].runs
    text = run.path.read_text()
    run.path.write_text(text.replace('tau_max=12', 'tau_max=4'))
    plan.check()  # nothing has begun there
    finish(run.folder, 50)
    with pytest.raises(ValueError, match='another config.*tau_max: 4, now 12'):
        plan.check()
    run.path.write_text(text)
    plan.check()


@pytest.mark.parametrize(
    ('text', 'shares'),
    [
        ('benchmark = dict(mentors=dict(strong=None))', True),
        ('model = dict(backbone=dict(type="Other"))', True),
        ('train_dataloader = dict(batch_size=9)', True),
        ('benchmark = dict(views=dict(num_views=3))', False),
        ('train_dataloader = dict(dataset=dict(data_root="elsewhere"))', False),
        ('data_preprocessor = dict(to_rgb=True)', False),
        ('model = dict(data_preprocessor=dict(mean=[0]))', False),
    ],
)
def test_suites_with_the_same_views_share_a_cache(text, shares, plan_of, changed):
    cache = plan_of('alone', suite=changed(text)).cache
    assert (cache == plan_of('alone').cache) is shares


def test_a_run_with_its_cache_elsewhere_is_the_same(plan_of, finish):
    plan = plan_of('classroom', seeds=[0])
    plan.write()
    (run,) = plan.jobs[0].runs
    finish(run.folder, 50)
    run.path.write_text(run.path.read_text().replace(plan.cache.name, '4b1d'))
    plan.check()


def test_states_and_command(plan_of, finish):
    plan = plan_of('alone', seeds=[0])
    (run,) = plan.runs()
    assert run.state == 'to do'
    run.folder.mkdir(parents=True)
    (run.folder / 'last_checkpoint').touch()
    assert run.state == 'interrupted'
    finish(run.folder, 50)
    assert run.state == 'finished'
    assert run.command()[:4] == ['mim', 'train', 'classroomkd_mm', str(run.path)]
    assert run.path == plan.out / 'runs' / 'alone' / 'seed0.py'
