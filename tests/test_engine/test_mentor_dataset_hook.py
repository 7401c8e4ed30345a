# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Classes of a mentor's checkpoint, compared with the dataset when training starts."""

import logging

import pytest
import torch

HOOKS = [dict(type='mmrazor.ClassroomHook', interval=2)]
# The classes of TinyData are a, b, c, d.
ORDER = [2, 0, 3, 1]


@pytest.fixture
def mentor(tiny, tmp_path):
    """The config of a mentor with a checkpoint that names its classes."""

    def mentor(meta, num_classes=4, **options):
        network = tiny.MODELS.build(
            dict(tiny.net(6, num_classes), _scope_='mmpretrain')
        )
        path = tmp_path / 'big.pth'
        torch.save(dict(meta=meta, state_dict=tiny.stir(network).state_dict()), path)
        return dict(model=tiny.net(6, num_classes), ckpt=str(path), **options)

    return mentor


def train(tiny, tmp_path, cfg, **options):
    model = tiny.MODELS.build(tiny.classroom_config(dict(big=cfg)))
    return tiny.run(tmp_path / 'run', model, epochs=1, **{'hooks': HOOKS, **options})


def assert_mapped(tiny, runner, class_map):
    mentor = runner.model.mentors['big']
    inputs, _ = tiny.prepared(runner.model, tiny.batch())
    logits = mentor.network(inputs, mode='tensor')
    assert torch.equal(mentor(inputs), logits[:, class_map])


@pytest.mark.parametrize(
    'meta',
    [
        dict(dataset_meta=dict(classes=tuple('bdac'))),
        dict(CLASSES=list('bdac')),
    ],
    ids=['mmengine', 'mmcv'],
)
def test_another_order_is_mapped(tiny, tmp_path, mentor, meta):
    runner = train(tiny, tmp_path, mentor(meta))
    assert_mapped(tiny, runner, ORDER)


def test_more_classes_are_mapped(tiny, tmp_path, mentor):
    meta = dict(dataset_meta=dict(classes=tuple('bdxacy')))
    runner = train(tiny, tmp_path, mentor(meta, 6))
    assert_mapped(tiny, runner, [3, 0, 4, 1])


def test_the_same_order_and_no_names_change_nothing(tiny, tmp_path, mentor):
    for meta in (dict(dataset_meta=dict(classes=list('abcd'))), dict(epoch=3), None):
        runner = train(tiny, tmp_path, mentor(meta))
        assert runner.model.mentors['big'].aligner is None


def test_a_class_map_goes_before_the_names(tiny, tmp_path, mentor):
    meta = dict(dataset_meta=dict(classes=tuple('bdac')))
    runner = train(tiny, tmp_path, mentor(meta, class_map=[0, 1, 2, 3]))
    assert_mapped(tiny, runner, [0, 1, 2, 3])


def test_other_names_are_warned_of(tiny, tmp_path, mentor, caplog):
    meta = dict(dataset_meta=dict(classes=['n1', 'n2', 'n3', 'n4']))
    runner = train(tiny, tmp_path, mentor(meta), train=False)
    runner.logger.addHandler(caplog.handler)
    runner.train()
    said = [r.message for r in caplog.records if r.levelno == logging.WARNING]
    assert any("'big': 4 of its 4 class names differ" in text for text in said)
    assert runner.model.mentors['big'].aligner is None


def vit(tiny, img_size):
    """A mentor that is built for one size, and takes others."""
    arch = dict(embed_dims=16, num_layers=1, num_heads=2, feedforward_channels=16)
    backbone = dict(
        type='VisionTransformer',
        img_size=img_size,
        patch_size=4,
        out_type='avg_featmap',
        arch=arch,
    )
    head = dict(type='LinearClsHead', num_classes=4, in_channels=16)
    model = dict(tiny.net(), backbone=backbone, neck=None, head=head)
    return dict(model=model, ckpt=None)


@pytest.mark.parametrize('img_size', [12, (16, 24)], ids=str)
def test_another_size_is_warned_of_once(tiny, tmp_path, caplog, img_size):
    runner = train(tiny, tmp_path, vit(tiny, img_size), train=False)
    runner.logger.addHandler(caplog.handler)
    runner.train()
    said = [
        record.message for record in caplog.records if 'built for' in record.message
    ]
    expected = []
    if img_size != 12:
        expected = [
            "Mentor 'big' was built for 16 x 24 pixels: set input_size=(16, 24) in its "
            'entry. It receives 12 x 12 pixels, which it accepts but was not built for.'
        ]
    assert said == expected


def test_a_contradiction_stops_before_the_first_batch(tiny, tmp_path, mentor):
    meta = dict(dataset_meta=dict(classes=tuple('bacx')))
    runner = train(tiny, tmp_path, mentor(meta), train=False)
    with pytest.raises(
        ValueError, match=r"'big' has the class 'a' at index 1.*dataset"
    ):
        runner.train()
    assert runner.iter == 0


def test_more_classes_are_not_guessed_without_the_hook(tiny, tmp_path, mentor):
    meta = dict(dataset_meta=dict(classes=tuple('bdxacy')))
    runner = train(tiny, tmp_path, mentor(meta, 6), train=False, hooks=())
    with pytest.raises(
        ValueError, match=r"'big' has 6 classes.*student has 4.*ClassroomHook"
    ):
        runner.train()


def test_more_classes_without_names_are_refused_when_the_config_is_read(
    tiny, tmp_path, mentor
):
    with pytest.raises(
        ValueError, match=r"'big' has 6 classes.*student has 4.*class_map"
    ):
        train(tiny, tmp_path, mentor(dict(epoch=3), 6))


def test_a_dataset_in_a_wrapper(tiny, tmp_path, mentor):
    from mmengine.dataset import pseudo_collate
    from torch.utils.data import DataLoader, Subset

    meta = dict(dataset_meta=dict(classes=tuple('bdac')))
    loader = DataLoader(
        Subset(tiny.TinyData(), range(10)), 5, collate_fn=pseudo_collate
    )
    runner = train(tiny, tmp_path, mentor(meta), loader=loader)
    assert_mapped(tiny, runner, ORDER)


def test_the_hook_alone_is_enough(tiny, tmp_path, mentor):
    meta = dict(dataset_meta=dict(classes=tuple('bdac')))
    hooks = [dict(type='mmrazor.MentorDatasetHook')]
    runner = train(tiny, tmp_path, mentor(meta), hooks=hooks)
    assert_mapped(tiny, runner, ORDER)


def test_names_of_a_head_that_is_wider_than_the_dataset(tiny, tmp_path, mentor):
    """Names are compared, but there is no map for outputs without a name."""
    model = tiny.net(num_classes=6)
    config = tiny.classroom_config(
        dict(big=mentor(dict(CLASSES=list('abcdef')), 6)), architecture=model
    )
    runner = tiny.run(tmp_path, tiny.MODELS.build(config), epochs=1, hooks=HOOKS)
    assert runner.model.mentors['big'].aligner is None
