# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The doctor's batches: people of the validation, with targets as in training."""

import pytest

pytest.importorskip('mmpose')

import tiny_pose as tp  # noqa: E402


def wrapped(how, dataset):
    if how == 'views':
        return dict(type='SeededViews', dataset=dataset, num_views=2)
    if how == 'several':
        figures = dict(from_file='configs/_base_/datasets/coco.py')
        pipeline = [dataset['pipeline'][-1]]
        dataset = dict(dataset, pipeline=dataset['pipeline'][:-1])
        return dict(
            type='CombinedDataset',
            metainfo=figures,
            datasets=[dataset, dataset],
            pipeline=pipeline,
        )
    return dataset


@pytest.mark.parametrize('how', ['plain', 'views', 'several'])
def test_targets_of_the_training_pipeline(how, tmp_path):
    from mmengine.config import Config
    from mmengine.registry import DefaultScope

    import classroomkd_mm.datasets.stick_figures  # noqa: F401  registers it
    from classroomkd_mm.diagnosis.data import read_batches
    from classroomkd_mm.diagnosis.findings import Findings

    head = tp.heatmap_head()
    model = tp.build(tp.pose_classroom(dict(a=tp.mentor(head)), head))
    crop = [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='TopdownAffine', input_size=tp.INPUT),
    ]
    pack = dict(type='PackPoseInputs')
    target = dict(type='GenerateTarget', encoder=head['decoder'])
    figures = dict(
        type='StickFiguresDataset', num_images=4, data_root=str(tmp_path / 'figures')
    )
    train = dict(figures, split='train', pipeline=[*crop, target, pack])
    val = dict(figures, split='val', pipeline=[*crop, pack], test_mode=True)
    sampler = dict(type='DefaultSampler', shuffle=False)
    cfg = Config(
        dict(
            train_dataloader=dict(
                batch_size=2, dataset=wrapped(how, train), sampler=sampler
            ),
            val_dataloader=dict(batch_size=2, dataset=val, sampler=sampler),
        )
    )
    findings = Findings()
    with DefaultScope.overwrite_default_scope('mmpose'):
        batches = read_batches(cfg, model, 2, findings)
    assert not findings
    assert batches.source == 'val_dataloader'
    for batch in batches.batches:
        for sample in batch['data_samples']:
            assert sample.gt_fields.heatmaps.amax() > 0.5
