# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Pose classrooms with a cache: heatmaps and SimCC vectors, mentors of other sizes."""

import pytest
import torch

pytest.importorskip('mmpose')

import tiny_pose as tp  # noqa: E402
from mmengine.hooks import Hook  # noqa: E402
from mmengine.runner import Runner  # noqa: E402

import classroomkd_mm.datasets.stick_figures  # noqa: E402
import classroomkd_mm.engine  # noqa: E402, F401

HEADS = dict(
    heatmaps=lambda: tp.heatmap_head(),
    simcc=lambda: tp.simcc_head(),
)


class RecordLosses(Hook):
    """Keep all losses of a run."""

    def __init__(self):
        self.losses = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.losses.append({k: v.detach().clone() for k, v in outputs.items()})


@pytest.fixture(scope='module')
def figures(tmp_path_factory):
    """The folder of the drawn figures."""
    return tmp_path_factory.mktemp('figures')


def mentors(folder, kind):
    """One like the student, and one that sees larger crops and lacks a keypoint."""
    large = tp.heatmap_head(16, tp.codec(input_size=tp.LARGE_INPUT))
    keypoints = [*range(16), None]
    named = dict(
        same=dict(model=tp.pose_net(HEADS[kind]())),
        large=dict(model=tp.pose_net(large), keypoint_map=keypoints),
    )
    for seed, (name, cfg) in enumerate(named.items()):
        path = folder / f'{name}.pth'
        if not path.exists():
            torch.manual_seed(seed)
            torch.save(tp.build(cfg['model']).state_dict(), path)
        cfg['ckpt'] = str(path)
    return named


def train(folder, figures, name, kind, mentor_cache=None):
    """Train for 20 steps in a fixed order."""
    head = HEADS[kind]()
    record = RecordLosses()
    dataset = dict(
        type='StickFiguresDataset',
        split='train',
        num_images=8,
        data_root=str(figures),
        pipeline=[
            dict(type='LoadImage'),
            dict(type='GetBBoxCenterScale'),
            dict(type='RandomFlip', direction='horizontal'),
            dict(type='RandomBBoxTransform'),
            dict(
                type='ClassroomTopdownAffine',
                input_size=tp.INPUT,
                mentor_sizes=[tp.LARGE_INPUT],
            ),
            dict(type='GenerateTarget', encoder=head['decoder']),
            dict(type='PackClassroomInputs'),
        ],
    )
    sampler = dict(type='DefaultSampler', shuffle=False)
    if mentor_cache is None:
        dataset = dict(type='SeededViews', dataset=dataset, num_views=2)
        sampler = dict(type='SeededViewSampler', sampler=sampler)
    runner = Runner(
        dict(
            type='mmrazor.ClassroomDistill',
            architecture=tp.pose_net(head),
            mentors=mentors(folder, kind),
            mentor_cache=mentor_cache,
        ),
        str(folder / name),
        train_dataloader=dict(
            batch_size=2, num_workers=0, dataset=dataset, sampler=sampler
        ),
        train_cfg=dict(by_epoch=True, max_epochs=5),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01)),
        default_hooks=dict(checkpoint=None, logger=dict(type='LoggerHook', interval=9)),
        custom_hooks=[dict(type='mmrazor.ClassroomHook'), record],
        default_scope='mmpose',
        experiment_name=f'{name}_{id(record)}',
        randomness=dict(seed=0),
    )
    runner.train()
    return record.losses, dict(runner.model.state_dict()), runner.model


@pytest.mark.parametrize('kind', HEADS)
def test_twenty_steps_are_the_same_bit_for_bit(tmp_path, figures, kind):
    wanted, weights, _ = train(tmp_path, figures, 'plain', kind)
    assert len(wanted) == 20
    assert any(
        value > 0 for step in wanted for k, value in step.items() if 'distill' in k
    )
    cache = dict(path=str(tmp_path / 'cache'), num_views=2, dtype='float32')
    for name in ('cold', 'warm'):
        losses, trained, model = train(tmp_path, figures, name, kind, cache)
        torch.testing.assert_close(losses, wanted, rtol=0, atol=0)
        torch.testing.assert_close(trained, weights, rtol=0, atol=0)
        assert [mentor._mentor for mentor in model.mentors] == [None, None]
    store = model.mentors['large'].store
    forms = dict(heatmaps=((17, 24, 16),), simcc=((17, 128), (17, 192)))
    assert store.form.shapes == forms[kind]
    assert store.aligner()['taught'].tolist() == [True] * 16 + [False]


def test_another_form_of_the_student_has_other_entries(tmp_path, figures):
    cache = dict(path=str(tmp_path / 'cache'), num_views=1)
    train(tmp_path, figures, 'first', 'heatmaps', cache)
    model = tp.build(
        dict(
            type='mmrazor.ClassroomDistill',
            architecture=tp.pose_net(tp.heatmap_head(decoder=tp.codec('UDPHeatmap'))),
            mentors=mentors(tmp_path, 'heatmaps'),
            mentor_cache=cache,
        )
    )
    assert all(mentor._mentor for mentor in model.mentors)


def test_a_map_of_keypoints_has_to_be_in_the_config(tmp_path, figures):
    from classroomkd_mm.datasets.stick_figures import StickFiguresDataset

    names = StickFiguresDataset(
        split='train', num_images=1, data_root=str(figures), pipeline=[]
    ).metainfo['keypoint_id2name']
    swapped = {**names, 1: names[2], 2: names[1]}
    path = mentors(tmp_path, 'heatmaps')['same']['ckpt']
    weights = torch.load(path, weights_only=True)
    meta = dict(dataset_meta=dict(keypoint_id2name=swapped))
    torch.save(dict(meta=meta, state_dict=weights), path)
    cache = dict(path=str(tmp_path / 'cache'), num_views=1)
    with pytest.raises(ValueError, match=r"'same' has a cache.*keypoint_map=\[0, 2, 1"):
        train(tmp_path, figures, 'run', 'heatmaps', cache)
    assert not (tmp_path / 'cache').exists()
