# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Every hook does to a student in a classroom what it does to the student alone.

Where distillation is stopped, a classroom computes nothing but the student's loss.
So a whole run with a hook must end with the same weights, bit by bit.
"""

import copy
from types import SimpleNamespace

import pytest
import torch
from registries import registered

NO_MODEL = 'does not touch the model'
OUTPUTS = 'reads what the model predicts, not the model'
FOREIGN = 'fails on the student alone as well: it needs the parts of a search'

# Trained with, for two epochs; then weights and checkpoints are compared.
TRAINED = {
    'mmengine.CheckpointHook': dict(interval=1, save_best='accuracy/top1'),
    'mmengine.EMAHook': dict(momentum=0.3, update_buffers=True),
    'mmengine.NaiveVisualizationHook': {},
    'mmengine.SyncBuffersHook': {},
    'mmpretrain.EMAHook': dict(momentum=0.3, evaluate_on_origin=True),
    'mmpretrain.PreciseBNHook': dict(num_samples=10),
    'mmpretrain.SwitchRecipeHook': dict(
        schedule=[
            dict(
                action_epoch=1,
                batch_augments=dict(augments=dict(type='Mixup', alpha=0.8)),
                loss=dict(type='LabelSmoothLoss', label_smooth_val=0.5),
            ),
            dict(action_epoch=2, batch_augments=None),
        ]
    ),
    'mmpretrain.WarmupParamHook': dict(
        param_name='loss_weight', module_name='head.loss_module', warmup_epochs=2
    ),
    'mmpose.SyncNormHook': {},
}
# One call of the hook on either model, and what is to be seen then.
CALLED = {}
OTHERS = {
    'mmengine.EarlyStoppingHook': NO_MODEL,
    'mmengine.EmptyCacheHook': NO_MODEL,
    'mmengine.IterTimerHook': NO_MODEL,
    'mmengine.LoggerHook': NO_MODEL,
    'mmengine.ParamSchedulerHook': NO_MODEL,
    'mmengine.ProfilerHook': NO_MODEL,
    'mmengine.NPUProfilerHook': NO_MODEL,
    'mmengine.RuntimeInfoHook': NO_MODEL,
    'mmengine.DistSamplerSeedHook': NO_MODEL,
    'mmpretrain.SimSiamHook': 'reads the groups of the optimizer, which are the same',
    'mmpretrain.VisualizationHook': OUTPUTS,
    'mmpose.BadCaseAnalysisHook': OUTPUTS,
    'mmpose.PoseVisualizationHook': OUTPUTS,
    'mmrazor.DMCPSubnetHook': FOREIGN,
    'mmrazor.DumpSubnetHook': FOREIGN,
    'mmrazor.PruningStructureHook': 'asks whether the model is pruned, which it is not',
    'mmrazor.StopDistillHook': 'acts on the classroom; tests of the algorithm cover it',
}


def called(name):
    """Put a case into the table."""

    def add(case):
        CALLED[name] = case
        return case

    return add


def runner_of(model, **rest):
    """As much of a runner as hooks look at."""
    logger = SimpleNamespace(info=print, warning=print)
    return SimpleNamespace(
        model=model, logger=logger, distributed=False, world_size=1, work_dir='.',
        epoch=1, iter=1, max_epochs=2, max_iters=8, **rest,
    )  # fmt: skip


@called('mmcv.RFSearchHook')
def search_dilations(cls, model):
    config = dict(
        search=dict(
            step=0, max_step=3, search_interval=1, exp_rate=0.5, init_alphas=0.01,
            mmin=1, mmax=8, num_branches=2, skip_layer=[],
        )
    )  # fmt: skip
    cls('search', config, verbose=False).init_model(model)
    return [name for name, m in model.named_modules() if hasattr(m, 'branch_weights')]


@called('mmengine.PrepareTTAHook')
def average_views(cls, model):
    from mmpretrain.models import AverageClsScoreTTA  # noqa: F401

    runner = runner_of(model)
    cls(dict(type='mmpretrain.AverageClsScoreTTA')).before_test(runner)
    data = tiny_views()
    runner.model.eval()
    return [sample.pred_score.tolist() for sample in runner.model.test_step(data)]


def tiny_views():
    """Two views of each of two images, as a TTA pipeline gives them."""
    import tiny_classroom

    one, two = (tiny_classroom.batch(2, seed=seed) for seed in (1, 2))
    return {key: [one[key], two[key]] for key in one}


@called('mmpretrain.ClassNumCheckHook')
def count_classes(cls, model):
    dataset = SimpleNamespace(metainfo=dict(classes='abc'))
    dataset.CLASSES = dataset.metainfo['classes']
    with pytest.raises(AssertionError) as caught:
        cls()._check_head(runner_of(model), dataset)
    return str(caught.value)


@called('mmpretrain.DenseCLHook')
def weigh_dense_loss(cls, model):
    loss_lambda(model, 0.7)
    hook = cls(start_iters=5)
    hook.before_train(runner_of(model))
    hook.before_train_iter(runner_of(model), 0)
    return model.loss_lambda, loss_lambda(model)


def loss_lambda(model, value=None):
    """An attribute of the student itself, past the classroom."""
    student = model._modules.get('architecture', model)
    if value is not None:
        student.loss_lambda = value
    return student.loss_lambda


@called('mmpretrain.SetAdaptiveMarginsHook')
def set_margins(cls, model):
    from mmpretrain.models import ArcFaceClsHead

    model.head = ArcFaceClsHead(4, 4)
    labels = SimpleNamespace(get_gt_labels=lambda: [0, 1, 1, 2, 2, 2, 3])
    loader = SimpleNamespace(dataset=labels)
    cls().before_train(runner_of(model, train_dataloader=loader))
    student = model._modules.get('architecture', model)
    return [round(float(margin), 6) for margin in student.head.margins]


@called('mmpretrain.PrepareProtoBeforeValLoopHook')
def prepare_prototypes(cls, model):
    from mmpretrain.models.retrievers import BaseRetriever

    student = model._modules.get('architecture', model)

    class Retriever(type(student), BaseRetriever):
        def prepare_prototype(self):
            self.prepared = True

    student.__class__ = Retriever
    cls().before_val(runner_of(model))
    return student.prepared


@called('mmpretrain.SwAVHook')
def queue_and_freeze(cls, model):
    hook = cls(2, epoch_queue_starts=0, feat_dim=3, queue_length=4,
               frozen_layers_cfg={'head.fc': 5})  # fmt: skip
    hook.before_run(runner_of(model))
    hook.before_train_epoch(runner_of(model))
    hook.before_train_iter(runner_of(model), 0)
    frozen = [name for name, p in model.named_parameters() if not p.requires_grad]
    return frozen, list(model.head.loss_module.queue.shape)


@called('mmpose.YOLOXPoseModeSwitchHook')
def add_auxiliary_loss(cls, model):
    hook = cls(num_last_epochs=0)
    hook._modify_dataloader = lambda runner: None
    hook.before_train_epoch(runner_of(model))
    return model.head.use_aux_loss


@called('mmpose.RTMOModeSwitchHook')
def set_attributes_of_the_head(cls, model):
    hook = cls({1: {'loss_module.loss_weight': 3.0}})
    hook.before_train_epoch(runner_of(model))
    return model.head.loss_module.loss_weight


@called('mmrazor.EstimateResourcesHook')
def count_operations(cls, model):
    seen = []
    runner = runner_of(model)
    runner.logger.info = seen.append
    estimator = dict(
        type='mmrazor.ResourceEstimator',
        flops_params_cfg=dict(input_shape=(1, 3, 12, 12)),
    )
    cls(estimator_cfg=estimator).estimate_resources(runner)
    return seen


@called('mmrazor.ResourceInfoHook')
def compare_operations(cls, model):
    demo = dict(type='mmrazor.DefaultDemoInput', input_shape=[1, 3, 12, 12])
    hook = cls(demo_input=demo)
    hook.before_run(runner_of(model))
    return hook.origin_delta


@called('mmrazor.RazorVisualizationHook')
def record_features(cls, model):
    from mmengine.visualization import Visualizer

    Visualizer.get_instance('hooks')
    recorders = dict(f=dict(type='mmrazor.ModuleOutputs', source='backbone.conv'))
    hook = cls(recorders, {})
    hook.before_run(runner_of(model))
    with torch.no_grad(), hook.recorder_manager:
        model.eval()(torch.ones(1, 3, 12, 12))
    return hook.recorder_manager.get_recorder('f').get_record_data().flatten().tolist()


@pytest.fixture
def both(tiny):
    """The student alone, and the same in a classroom whose mentors are silent."""
    classroom = tiny.build_classroom()
    classroom.distillation_stopped = True
    return copy.deepcopy(classroom.student), classroom


def ours(hooks):
    """Hooks of this package, which have tests of their own."""
    return {name for name, cls in hooks.items() if 'classroomkd_mm' in cls.__module__}


def test_every_hook_is_in_the_table():
    hooks = registered('HOOKS')
    assert set(hooks) - ours(hooks) == {*TRAINED, *CALLED, *OTHERS}


@pytest.mark.parametrize('name', CALLED)
def test_one_call_does_the_same_as_alone(both, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cls = registered('HOOKS')[name]
    alone, classroom = (CALLED[name](cls, model) for model in both)
    assert alone == classroom
    assert alone not in ([], None, [[]])


@pytest.mark.parametrize('name', TRAINED)
def test_a_run_ends_with_the_same_weights_as_alone(tiny, both, name, tmp_path):
    results, logs = [], []
    for place, model in zip(('alone', 'classroom'), both, strict=True):
        torch.manual_seed(7)
        options = copy.deepcopy(TRAINED[name])
        options.update(type=f'{name.split(".")[0]}.{name.split(".")[1]}')
        runner = tiny.run(
            tmp_path / place,
            model,
            hooks=[options],
            val_dataloader=tiny.tiny_loader(),
            val_cfg={},
            val_evaluator=dict(type='mmpretrain.Accuracy'),
            randomness=dict(seed=1),
        )
        results.append(torch.load(tmp_path / place / 'epoch_2.pth'))
        logs.append(runner.message_hub.get_scalar('val/accuracy/top1').data)
    assert [list(values) for values in logs[0]] == [list(v) for v in logs[1]]
    assert results[0].keys() == results[1].keys()
    for part in {'state_dict', 'ema_state_dict'} & results[0].keys():
        one, two = (result[part] for result in results)
        assert list(one) == list(two)
        assert all(torch.equal(one[key], two[key]) for key in one)


def test_hooks_of_other_algorithms_fail_as_alone(both, tmp_path):
    hooks = registered('HOOKS')
    for model in both:
        with pytest.raises(AttributeError, match='target_flops'):
            hooks['mmrazor.DMCPSubnetHook']().after_run(runner_of(model))
        dump = hooks['mmrazor.DumpSubnetHook'](out_dir=str(tmp_path))
        with pytest.raises(AttributeError, match='architecture|mutator'):
            dump._save_subnet(runner_of(model))
