# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A classroom trains together with what MMEngine and MMRazor offer besides.

Each case is a short training through the Runner. Its loss is finite and falls, its
mentors stay as they are to the bit, and the feature has had its effect.
"""

import shutil

import pytest
import torch

needs_compiler = pytest.mark.skipif(
    shutil.which('g++') is None, reason='torch.compile needs a C++ compiler: no g++'
)
BFLOAT16 = dict(type='AmpOptimWrapper', dtype='bfloat16')


# What a case has to have done ---------------------------------------------------


def computed_in_bfloat16(watch):
    assert torch.bfloat16 in watch.dtypes
    assert all(p.dtype == torch.float32 for p in watch.model.parameters())


def stepped_every_other_time(watch):
    assert len(watch.norms) == len(watch.losses) / 2


def kept_gradients_short(watch):
    # The first ones are longer in a run without clipping.
    assert max(watch.norms) <= 0.2 * (1 + 1e-5)
    assert watch.norms[0] == pytest.approx(0.2, rel=1e-4)


def averaged_the_student_alone(watch):
    (hook,) = (h for h in watch.runner.hooks if type(h).__name__ == 'EMAHook')
    average = dict(hook.ema_model.module.named_parameters())
    assert average.keys() == dict(watch.model.named_parameters()).keys()
    now = watch.weights()
    for name in watch.moved():
        assert not torch.equal(average[name], now[name])
        assert not torch.equal(average[name], watch.start[name])


def stopped_distilling(watch):
    distilled = ['distill.loss_classroom' in step for step in watch.losses]
    epoch = len(watch.runner.train_dataloader)
    assert distilled == [True] * 3 * epoch + [False] * 3 * epoch


def trained_groups_at_their_rates(watch):
    groups = watch.runner.optim_wrapper.optimizer.param_groups
    assert {round(group['lr'], 6) for group in groups} == {0.05, 0.005}
    assert {group['weight_decay'] for group in groups} == {1e-4, 0.0}


def left_the_first_stages(watch):
    wanted = torch.load(watch.checkpoint)
    for name, value in watch.model.student.backbone.state_dict().items():
        if name.startswith(('conv1', 'bn1', 'layer1')):
            assert torch.equal(value, wanted[name]), name
    for name, value in watch.start.items():
        if name.startswith('backbone.'):
            assert torch.equal(value, wanted[name.removeprefix('backbone.')]), name
    trained = {name.split('.')[1] for name in watch.moved() if 'backbone' in name}
    assert trained == {'layer2', 'layer3', 'layer4'}


# Classification -----------------------------------------------------------------

CASES = dict(
    mixed_precision=(dict(optim_wrapper=BFLOAT16), computed_in_bfloat16),
    accumulation=(
        dict(optim_wrapper=dict(accumulative_counts=2)),
        stepped_every_other_time,
    ),
    clipping=(
        dict(optim_wrapper=dict(clip_grad=dict(max_norm=0.2))),
        kept_gradients_short,
    ),
    average=(
        dict(hooks=[dict(type='EMAHook', momentum=0.1)]),
        averaged_the_student_alone,
    ),
    stop=(
        dict(hooks=[dict(type='mmrazor.StopDistillHook', stop_epoch=3)]),
        stopped_distilling,
    ),
    groups=(
        dict(
            optim_wrapper=dict(
                paramwise_cfg=dict(
                    norm_decay_mult=0.0, custom_keys=dict(head=dict(lr_mult=0.1))
                )
            )
        ),
        trained_groups_at_their_rates,
    ),
)


@pytest.fixture
def train(tiny, tmp_path):
    """A function that trains a classroom of classifiers, and returns what was seen."""
    from cached_classroom import School
    from watched_run import Watch

    school = School(tmp_path)

    def train(hooks=(), student=None, **options):
        watch = Watch()
        model = tiny.classroom_config(
            school.mentors,
            architecture=student or tiny.net(),
            distiller=dict(task_weight='constant'),
        )
        tiny.run(
            tmp_path / 'run',
            model,
            epochs=6,
            hooks=[dict(type='mmrazor.ClassroomHook'), watch, *hooks],
            randomness=dict(seed=0),
            **options,
        )
        watch.assert_learned('student.loss')
        return watch

    return train


@pytest.mark.parametrize('name', CASES)
def test_classification(train, name):
    options, effect = CASES[name]
    effect(train(**options))


def test_a_pretrained_student_with_frozen_stages(tiny, train, tmp_path):
    backbone = dict(type='ResNet', depth=18, stem_channels=4, base_channels=4)
    torch.manual_seed(3)
    weights = tiny.MMPRETRAIN_MODELS.build(backbone).state_dict()
    torch.save(weights, tmp_path / 'backbone.pth')
    pretrained = dict(type='Pretrained', checkpoint=str(tmp_path / 'backbone.pth'))
    student = tiny.net(32) | dict(
        backbone=dict(backbone, frozen_stages=1, init_cfg=pretrained)
    )
    # So that the loss falls on any machine.
    slowly = dict(optimizer=dict(type='SGD', lr=0.01, momentum=0.9))
    watch = train(student=student, optim_wrapper=slowly)
    watch.checkpoint = tmp_path / 'backbone.pth'
    left_the_first_stages(watch)


@needs_compiler
@pytest.mark.slow
def test_a_compiled_student(train):
    from mmengine.hooks import Hook

    class CompileStudent(Hook):
        def before_train(self, runner):
            runner.model.student.compile()

    from torch._dynamo.utils import counters

    counters.clear()
    train(hooks=[CompileStudent()])
    assert counters['stats']['unique_graphs'] > 0


@pytest.mark.slow
def test_a_compiled_training_step(train):
    """As ``compile`` in a config of MMEngine does it; up to the last stage,
    which is slow and needs a compiler."""
    from torch._dynamo.utils import counters

    counters.clear()
    train(cfg=dict(compile=dict(backend='aot_eager')))
    assert counters['stats']['unique_graphs'] > 0


# Pose ---------------------------------------------------------------------------


@pytest.fixture(scope='module')
def figures(tmp_path_factory):
    """The folder of the drawn figures, which both heads share."""
    return tmp_path_factory.mktemp('figures')


@pytest.mark.parametrize('kind', ['heatmaps', 'simcc'])
def test_pose(figures, tmp_path, kind):
    """In bfloat16, accumulated, clipped, averaged, in groups, and partly frozen."""
    import cached_pose
    import tiny_pose
    from watched_run import Watch

    watch = Watch()
    student = tiny_pose.pose_net(cached_pose.HEADS[kind]())
    student['backbone']['frozen_stages'] = 1
    cached_pose.train(
        tmp_path, figures, 'run', kind,
        hooks=[watch, dict(type='EMAHook', momentum=0.1)],
        optim=BFLOAT16 | dict(
            optimizer=dict(type='Adam', lr=0.01),
            accumulative_counts=2,
            clip_grad=dict(max_norm=10.0),
            paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1))),
        ),
        architecture=student,
        distiller=dict(task_weight='constant'),
    )  # fmt: skip
    # The mentors are random, and do not agree with the truth.
    watch.assert_learned()
    computed_in_bfloat16(watch)
    stepped_every_other_time(watch)
    averaged_the_student_alone(watch)
    groups = watch.runner.optim_wrapper.optimizer.param_groups
    assert {round(group['lr'], 6) for group in groups} == {0.01, 0.001}
    assert not any('layer1' in name for name in watch.moved())
    assert any('layer2' in name for name in watch.moved())
