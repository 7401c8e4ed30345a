# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Iterations that a GPU can record: no value is copied from or to it, or waited for."""

import importlib
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch

VIEWS, BATCH = 12, 4


@pytest.fixture
def gpu():
    return importlib.import_module('fake_gpu').FakeGPU()


def copies_of_a_step(gpu, model, data, output):
    """What an iteration copies, whose mentors' outputs, (…), are known."""
    from classroomkd_mm.benchmark.images_in_memory import GivenOutputs
    from classroomkd_mm.benchmark.training_in_memory import iteration

    given = [gpu.tensor(VIEWS, *output, dtype=torch.float16) for _ in model.mentors]
    model.mentors = GivenOutputs(given)
    # PyTorch's backward pass looks for a real GPU.
    optimizer = SimpleNamespace(
        update_params=lambda loss: None, optim_context=lambda model: nullcontext()
    )
    step = iteration(gpu.take(model.train()), optimizer, data)
    return gpu.copies(step, gpu.tensor(BATCH, dtype=torch.int64))


@pytest.mark.parametrize(
    'parts',
    [
        dict(),
        dict(knowledge_filter=dict(type='KnowledgeFilter', weights='confidence')),
        dict(scorer=dict(type='EntropyScorer')),
    ],
    ids=['plain', 'confidence', 'entropy'],
)
def test_a_step_of_a_classifier_can_be_recorded(tiny, gpu, parts):
    from classroomkd_mm.benchmark.images_in_memory import Images

    data = Images(
        gpu.tensor(VIEWS, 3, tiny.IMAGE_SIZE, tiny.IMAGE_SIZE, dtype=torch.uint8),
        gpu.tensor(VIEWS, dtype=torch.int64),
    )
    model = tiny.build_classroom(distiller=parts, dry_run=False)
    assert not copies_of_a_step(gpu, model, data, [tiny.NUM_CLASSES])


def people_on(gpu):
    """People for the tiny pose models."""
    from classroomkd_mm.benchmark.people_in_memory import People

    return People(
        gpu.tensor(VIEWS, 3, 96, 64, dtype=torch.uint8),
        dict(
            gt_fields=dict(heatmaps=gpu.tensor(VIEWS, 17, 24, 16)),
            gt_instance_labels=dict(keypoint_weights=gpu.tensor(VIEWS, 1, 17)),
        ),
    )


def pose_model(**parts):
    """A classroom of tiny pose models that reports no accuracy."""
    tp = importlib.import_module('tiny_pose')
    cfg = tp.pose_classroom(dict(a=tp.mentor(), b=tp.mentor()), **parts)
    return tp.build(dict(cfg, train_cfg=dict(compute_acc=False), dry_run=False))


@pytest.mark.parametrize('score', ['oks', 'likelihood', 'task_loss'])
def test_a_step_of_a_pose_model_can_be_recorded(gpu, score):
    from classroomkd_mm.benchmark.people_in_memory import flip_channels

    model = pose_model(scorer=dict(type='HeatmapScorer', score=score))
    flip_channels(model.data_preprocessor)
    assert not copies_of_a_step(gpu, model, people_on(gpu), [17, 24, 16])


def test_a_copy_from_the_cpu_is_found(gpu):
    # MMPose swaps channels with a list as index.
    copies = copies_of_a_step(gpu, pose_model(), people_on(gpu), [17, 24, 16])
    assert copies == ['aten._to_copy.default']


def test_a_wait_for_the_gpu_is_an_error(gpu):
    with pytest.raises(RuntimeError, match='_local_scalar_dense'):
        gpu.copies(lambda loss: loss.item(), gpu.tensor())


def test_flipped_channels_are_those_that_mmpose_swaps():
    import tiny_pose as tp

    from classroomkd_mm.benchmark.people_in_memory import flip_channels

    preprocessor = tp.build(tp.pose_net()).data_preprocessor
    images = torch.randint(256, (2, 3, 8, 8), dtype=torch.uint8)
    for inputs in (images, list(images)):
        data = dict(inputs=inputs, data_samples=tp.samples(tp.codec(), 2)[1])
        preprocessor._channel_conversion = True
        expected = preprocessor(data)['inputs']
        flip_channels(preprocessor)
        torch.testing.assert_close(preprocessor(data)['inputs'], expected)
        preprocessor._forward_pre_hooks.clear()


@pytest.mark.parametrize(
    ('optimizer', 'options'),
    [('SGD', {'fused': True}), ('Adam', {'fused': True, 'capturable': True})],
)
def test_options_with_which_an_optimizer_can_be_recorded(optimizer, options):
    from classroomkd_mm.benchmark.recorded_step import recordable

    assert recordable(optimizer) == options
