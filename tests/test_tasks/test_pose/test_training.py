# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Whole runs of pose recipes: train, validate, resume and test.

The recipes are the real ones, with small networks and a few pictures. Pictures are
drawn; where the environment variable CLASSROOMKD_POSE_SAMPLES names a folder with
MMPose's samples (coco_sample/, mpii_sample/), those are used as well.
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip('mmpose')

import tiny_pose as tp  # noqa: E402
from mmengine.config import Config  # noqa: E402
from mmengine.runner import Runner  # noqa: E402

ROOT = Path(__file__).parents[3]
CONFIGS = ROOT / 'configs'
STICK_FIGURES = sorted(ROOT.glob('configs/*/stick_figures/*.py'))
SAMPLES = os.environ.get('CLASSROOMKD_POSE_SAMPLES')
RES18 = 'classroomkd_hrnet-w48+hrnet-w32+res50+res152_res18_8xb64-210e'
MIXED = 'classroomkd_hrnet-w48-384x288+hrnet-w32-wholebody+res50_res18_8xb64-210e'
RTMPOSE = 'classroomkd_rtmpose-l+rtmpose-m+hrnet-w48_rtmpose-t_8xb256-420e'
FPD = 'fpd_hrnet-w48_res18_8xb64-210e'


def small_recipe(name, work_dir, codec):
    """A recipe whose student is small, for two short epochs."""
    data_set = 'mpii' if 'mpii' in name else 'coco'
    method = name.split('_')[0]
    cfg = Config.fromfile(CONFIGS / method / data_set / f'{name}.py')
    simcc = codec['type'] == 'SimCCLabel'
    make = tp.simcc_head if simcc else tp.heatmap_head
    cfg.model.architecture = tp.pose_net(make(16 if data_set == 'mpii' else 17, codec))
    cfg.merge_from_dict(
        {
            'work_dir': str(work_dir),
            'visualizer.name': work_dir.name,  # MMEngine keeps one by name
            'train_cfg': dict(max_epochs=2, val_interval=1),
            'param_scheduler': [dict(type='ConstantLR', factor=1.0)],
            'default_hooks.checkpoint': dict(interval=1, save_best=None),
            'default_hooks.logger.interval': 1,
            'randomness.seed': 0,
        }
    )
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        loader.update(batch_size=3, num_workers=0, persistent_workers=False)
    # SyncBuffersHook and ClassroomHook; RTMPose's pipeline switch is for longer runs.
    cfg.custom_hooks = [h for h in cfg.custom_hooks if 'Switch' not in h.type]
    return cfg


def use_data(cfg, train, val, evaluator=None):
    """Have the data sets of a recipe read other files."""
    cfg.train_dataloader.dataset.update(train)
    for loader, metric in (
        (cfg.val_dataloader, cfg.val_evaluator),
        (cfg.test_dataloader, cfg.test_evaluator),
    ):
        loader.dataset.pop('bbox_file', None)
        loader.dataset.update(val)
        metric.update(evaluator or {})


@pytest.fixture(scope='session')
def drawn(tmp_path_factory):
    """A folder with six drawn people in COCO's format."""
    from classroomkd_mm.datasets.stick_figures import write_stick_figures

    folder = tmp_path_factory.mktemp('coco') / 'drawn'
    write_stick_figures(folder, 'train', 6)
    return folder


def use_drawn(cfg, folder):
    files = dict(
        data_root=str(folder),
        ann_file='annotations.json',
        data_prefix=dict(img='images/'),
    )
    use_data(cfg, files, files, dict(ann_file=str(folder / 'annotations.json')))


def whole_run(cfg, metric):
    """Train, validate and resume, then test what was saved; return the classroom."""
    work_dir = Path(cfg.work_dir)
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert f'val/{metric}' in runner.message_hub.log_scalars
    first = torch.load(work_dir / 'epoch_2.pth', weights_only=True)
    names = set(runner.model.student.state_dict())
    assert set(first['state_dict']) == names  # the student's alone

    resumed = cfg.copy()
    resumed.merge_from_dict({'train_cfg.max_epochs': 3, 'resume': True})
    resumed.experiment_name = f'{work_dir.name}_resumed'
    runner = Runner.from_cfg(resumed)
    runner.train()
    assert runner.epoch == 3
    last = torch.load(work_dir / 'epoch_3.pth', weights_only=True)
    changed = [
        name
        for name, value in last['state_dict'].items()
        if not torch.equal(value, first['state_dict'][name])
    ]
    assert changed

    tested = cfg.copy()
    tested.load_from = str(work_dir / 'epoch_3.pth')
    tested.experiment_name = f'{work_dir.name}_tested'
    metrics = Runner.from_cfg(tested).test()
    assert np.isfinite(metrics[metric])
    return runner.model


def check_lessons(work_dir, losses):
    """Each step logged finite losses, of the task and of the mentors."""
    logs = sorted(Path(work_dir).glob('*/vis_data/scalars.json'))
    lines = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    steps = [line for line in lines if 'loss' in line]
    assert steps
    for name in ('loss', 'student.loss_kpt', *losses):
        assert all(np.isfinite(step[name]) for step in steps), name
    assert any(step[losses[0]] > 0 for step in steps)


def mentors_for(codec, points=17):
    """Mentors that differ: another codec, another size, more keypoints, SimCC."""
    width, height = codec['input_size']
    large = (width * 3 // 2, height * 3 // 2)
    mentors = dict(
        udp=tp.mentor(tp.heatmap_head(points, tp.codec('UDPHeatmap', (width, height)))),
        large=tp.mentor(tp.heatmap_head(points, tp.codec(input_size=large))),
        more=tp.mentor(
            tp.heatmap_head(points + 3, tp.codec(input_size=(width, height))),
            keypoint_map=[None, *range(1, points)],
        ),
    )
    if codec['type'] == 'SimCCLabel':
        fine = tp.codec('SimCCLabel', large, simcc_split_ratio=3.0)
        mentors['fine'] = tp.mentor(tp.simcc_head(points, fine))
    return mentors


@pytest.mark.slow
@pytest.mark.parametrize(
    'recipe, loss',
    [(RES18, 'loss_heatmap'), (MIXED, 'loss_heatmap'), (FPD, 'loss_mse')],
)
def test_heatmap_recipe(recipe, loss, drawn, tmp_path):
    codec = tp.codec(input_size=(192, 256), sigma=2.0)
    cfg = small_recipe(f'{recipe}_coco-256x192', tmp_path, codec)
    cfg.model.mentors = mentors_for(codec)
    use_drawn(cfg, drawn)
    model = whole_run(cfg, 'coco/AP')
    check_lessons(tmp_path, [f'distill.{loss}'])
    field = 'mentor_crop_384x288'
    packed = Runner.build_dataloader(cfg.train_dataloader).dataset[0]['data_samples']
    assert (field in packed) == (recipe == MIXED)
    assert model.mentors['large'].adapter.field == field


@pytest.mark.parametrize('path', STICK_FIGURES, ids=lambda path: path.stem)
def test_stick_figures_recipe(path, tmp_path):
    cfg = Config.fromfile(path)
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        loader.dataset.update(data_root=str(tmp_path / 'data'), num_images=12)
        loader.batch_size = 2  # six steps: a random mentor is ahead in one of them
    for mentor in cfg.model.get('mentors', {}).values():
        assert mentor.pop('ckpt').startswith('work_dirs/td-hm_res18-w')
        mentor.ckpt = None
    cfg.train_cfg.update(max_epochs=1, val_interval=1)
    cfg.default_hooks.logger.interval = 1
    cfg.work_dir, cfg.visualizer.name = str(tmp_path / 'run'), path.stem
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert {'val/coco/AP', 'val/PCK'} <= set(runner.message_hub.log_scalars)
    losses = dict(classroomkd='distill.loss_heatmap', fpd='distill.loss_mse')
    taught = losses.get(path.stem.split('_')[0])
    if taught:
        check_lessons(cfg.work_dir, [taught])
    assert (path.parents[1].name != 'pretrain') is bool(taught)


@pytest.mark.slow
def test_simcc_recipe(drawn, tmp_path):
    codec = tp.codec('SimCCLabel', (192, 256), sigma=(4.9, 5.66), normalize=False)
    cfg = small_recipe(f'{RTMPOSE}_coco-256x192', tmp_path, codec)
    cfg.model.mentors = mentors_for(codec)
    pipeline = cfg.train_dataloader.dataset.pipeline  # albumentations is optional
    cfg.train_dataloader.dataset.pipeline = [
        step for step in pipeline if step.type != 'Albumentation'
    ]
    use_drawn(cfg, drawn)
    whole_run(cfg, 'coco/AP')
    check_lessons(tmp_path, ['distill.loss_simcc'])


@pytest.mark.slow
@pytest.mark.skipif(not SAMPLES, reason='CLASSROOMKD_POSE_SAMPLES is not set')
def test_coco_sample(tmp_path):
    folder = Path(SAMPLES) / 'coco_sample'
    codec = tp.codec(input_size=(192, 256), sigma=2.0)
    cfg = small_recipe(f'{RES18}_coco-256x192', tmp_path, codec)
    cfg.model.mentors = mentors_for(codec)
    files = dict(
        data_root=str(folder), ann_file='test_coco.json', data_prefix=dict(img='')
    )
    found = dict(files, bbox_file=str(folder / 'test_coco_det_AP_H_56.json'))
    use_data(cfg, files, found, dict(ann_file=str(folder / 'test_coco.json')))
    whole_run(cfg, 'coco/AP')
    check_lessons(tmp_path, ['distill.loss_heatmap'])


@pytest.mark.slow
@pytest.mark.skipif(not SAMPLES, reason='CLASSROOMKD_POSE_SAMPLES is not set')
def test_mpii_sample(tmp_path):
    from scipy.io import savemat

    folder = Path(SAMPLES) / 'mpii_sample'
    people = json.loads((folder / 'test_mpii.json').read_text())
    # Neck and top of the head span the boxes that PCKh is measured by.
    boxes = np.stack([np.array(person['joints'])[8:10] for person in people], axis=-1)
    savemat(tmp_path / 'heads.mat', dict(headboxes_src=boxes))
    codec = tp.codec(input_size=(256, 256), sigma=2.0)
    cfg = small_recipe(f'{RES18}_mpii-256x256', tmp_path, codec)
    cfg.model.mentors = mentors_for(codec, 16)
    files = dict(
        data_root=str(folder), ann_file='test_mpii.json', data_prefix=dict(img='')
    )
    use_data(cfg, files, dict(files, headbox_file=str(tmp_path / 'heads.mat')))
    whole_run(cfg, 'PCK')
    check_lessons(tmp_path, ['distill.loss_heatmap'])
