# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The drawn people: the same every time, valid COCO, read by MMPose's own code."""

import json
import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, KEYPOINT_CODECS
from xtcocotools.coco import COCO

from classroomkd_mm.datasets.stick_figures import (
    coco_files,
    draw_stick_figure,
    drawing,
    write_stick_figures,
)
from classroomkd_mm.datasets.stick_figures.body import KEYPOINTS, random_joints

CONFIGS = Path(__file__).parents[2] / 'configs'


@pytest.fixture
def config(tmp_path):
    """The base config, with few pictures, in a folder of the test."""
    config = Config.fromfile(CONFIGS / '_base_/datasets/stick_figures.py')
    for loader in (config.train_dataloader, config.val_dataloader):
        loader.dataset.update(num_images=12, data_root=str(tmp_path))
    init_default_scope('mmpose')
    return config


def test_same_seed_draws_the_same_bytes():
    first, again = (draw_stick_figure('train', 3, seed=5) for _ in range(2))
    assert first.image.tobytes() == again.image.tobytes()
    assert np.array_equal(first.keypoints, again.keypoints)
    assert (first.bbox, first.area) == (again.bbox, again.area)


@pytest.mark.parametrize('other', [('val', 3, 5), ('train', 4, 5), ('train', 3, 6)])
def test_other_split_index_or_seed_draws_another(other):
    image = draw_stick_figure('train', 3, 5).image
    assert not np.array_equal(image, draw_stick_figure(*other).image)


def test_unknown_split_is_refused():
    with pytest.raises(ValueError, match="'val'.*'validation'"):
        draw_stick_figure('validation', 0)


def test_left_is_left_and_knees_bend_backward():
    for seed in range(50):
        joints = random_joints(np.random.default_rng(seed))
        to_left = joints['left_hip'] - joints['right_hip']
        forward = np.cross(to_left, joints['neck'])
        assert forward @ joints['belly'] > 0
        for side in ('left', 'right'):
            hip, knee, ankle, toe = (
                joints[f'{side}_{name}'] for name in ('hip', 'knee', 'ankle', 'toe')
            )
            thigh, shank, foot = knee - hip, ankle - knee, toe - ankle
            ahead = foot - (foot @ shank) / (shank @ shank) * shank
            assert thigh @ ahead >= 0  # the toes point away from the bend


def test_left_and_right_look_alike(monkeypatch):
    """A mirrored body is drawn as the mirrored picture, as RandomFlip assumes."""
    monkeypatch.setattr(drawing, '_place', lambda rng, points: (90.0, 64))
    monkeypatch.setattr(drawing, '_occlude', lambda *args: None)
    monkeypatch.setattr(drawing, '_photograph', lambda rng, image: image)
    monkeypatch.setattr(
        drawing, '_background', lambda *args: np.zeros((128, 128, 3), np.uint8)
    )
    image, keypoints, *_ = draw_stick_figure('train', 0)
    monkeypatch.setattr(drawing, 'random_joints', _mirrored_joints)
    mirrored, mirrored_keypoints, *_ = draw_stick_figure('train', 0)

    # Column x goes to 128 - x; rounding may move an edge by a pixel.
    difference = cv2.absdiff(image[:, :0:-1], mirrored[:, 1:])
    assert difference.mean() < 0.2
    twin = {'left': 'right', 'right': 'left'}
    for name, (x, y, _) in zip(KEYPOINTS, keypoints, strict=True):
        side, _, rest = name.partition('_')
        row = KEYPOINTS.index(f'{twin[side]}_{rest}' if rest else name)
        assert mirrored_keypoints[row, :2] == pytest.approx((128 - x, y))


def _mirrored_joints(rng):
    joints = random_joints(rng)
    twin = {'left': 'right', 'right': 'left'}
    mirrored = {}
    for name, point in joints.items():
        side, _, rest = name.partition('_')
        mirrored[f'{twin[side]}_{rest}' if rest else name] = point * (-1, 1, 1)
    return mirrored


def test_box_and_area_are_those_of_the_drawn_person(monkeypatch):
    monkeypatch.setattr(drawing, '_occlude', lambda *args: None)
    monkeypatch.setattr(drawing, '_photograph', lambda rng, image: image)
    figures = [draw_stick_figure('train', index) for index in range(10)]
    dress = drawing.dress
    monkeypatch.setattr(drawing, 'dress', lambda *args: dress(*args)[:0])
    for index, figure in enumerate(figures):
        empty = draw_stick_figure('train', index)
        person = cv2.absdiff(figure.image, empty.image).max(axis=2) > 20
        box = np.array(cv2.boundingRect(person.astype(np.uint8)))
        assert np.abs(box - figure.bbox).max() <= 2  # smooth edges reach further
        assert figure.area == pytest.approx(person.sum(), rel=0.15)


def test_flags_tell_seen_hidden_and_outside():
    keypoints = np.stack([draw_stick_figure('val', i).keypoints for i in range(60)])
    flags = keypoints[..., 2]
    assert set(np.unique(flags)) == {0, 1, 2}
    assert not keypoints[flags == 0].any()
    # An eye is seen only where its dark pixel is; a face is turned away at times.
    nose = flags[:, KEYPOINTS.index('nose')]
    assert 0.2 < (nose == 2).mean() < 0.9


def test_an_occluder_hides_the_key_points_behind_it(monkeypatch):
    def hide_all(rng, image, seen, scale, bbox):
        image[:] = 0
        seen[:] = drawing._OCCLUDED

    monkeypatch.setattr(drawing, '_occlude', hide_all)
    assert set(draw_stick_figure('val', 0).keypoints[:, 2]) <= {0, 1}


def test_files_are_valid_coco(tmp_path):
    write_stick_figures(tmp_path / 'val', 'val', 12, seed=1)
    coco = COCO(str(tmp_path / 'val/annotations.json'))
    assert len(coco.getImgIds()) == len(coco.getAnnIds()) == 12
    assert min(coco.getAnnIds()) == 1
    (person,) = coco.loadCats(coco.getCatIds())
    assert person['name'] == 'person'
    assert person['keypoints'] == list(KEYPOINTS)
    assert [16, 14] in person['skeleton']  # left ankle to left knee
    for image in coco.loadImgs(coco.getImgIds()):
        pixels = cv2.imread(str(tmp_path / 'val/images' / image['file_name']))
        assert pixels.shape == (image['height'], image['width'], 3)
        (annotation,) = coco.loadAnns(coco.getAnnIds(imgIds=image['id']))
        left, top, width, height = annotation['bbox']
        assert 0 <= left < left + width <= image['width']
        assert 0 <= top < top + height <= image['height']
        assert 0 < annotation['area'] <= width * height
        assert annotation['iscrowd'] == 0
        x, y, flag = np.reshape(annotation['keypoints'], (17, 3)).T
        assert annotation['num_keypoints'] == (flag > 0).sum()
        inside = (left - 1 <= x) & (x <= left + width)
        inside &= (top - 1 <= y) & (y <= top + height)
        assert inside[flag > 0].all()


def test_fewer_pictures_are_the_first_ones(tmp_path):
    for number in (2, 4):
        write_stick_figures(tmp_path / str(number), 'train', number)
    for name in ('000000.jpg', '000001.jpg'):
        few, many = (tmp_path / number / 'images' / name for number in '24')
        assert few.read_bytes() == many.read_bytes()


def test_files_that_are_there_are_kept(tmp_path):
    write_stick_figures(tmp_path / 'val', 'val', 2)
    annotations = tmp_path / 'val/annotations.json'
    annotations.write_text('{}')
    write_stick_figures(tmp_path / 'val', 'val', 2)
    assert annotations.read_text() == '{}'


def test_writers_that_race_leave_one_complete_folder(tmp_path, monkeypatch):
    """No one is ready before all have begun, and all of them want to rename.

    They write in turn, as MMEngine cannot read two configs in one process at a time.
    """
    barrier, write, turn = threading.Barrier(3), coco_files._write, threading.Lock()

    def write_and_wait(*args):
        with turn:
            write(*args)
        barrier.wait(timeout=60)

    monkeypatch.setattr(coco_files, '_write', write_and_wait)
    with ThreadPoolExecutor(3) as pool:
        jobs = [
            pool.submit(write_stick_figures, tmp_path / 'val', 'val', 3)
            for _ in range(3)
        ]
    for job in jobs:
        job.result()
    assert [path.name for path in tmp_path.iterdir()] == ['val']
    assert len(list((tmp_path / 'val/images').iterdir())) == 3


@pytest.mark.slow
def test_two_processes_may_write_at_once(tmp_path):
    context = multiprocessing.get_context('spawn')
    writers = [
        context.Process(target=write_stick_figures, args=(tmp_path / 'val', 'val', 50))
        for _ in range(2)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ['val']
    coco = json.loads((tmp_path / 'val/annotations.json').read_text())
    assert len(coco['images']) == 50


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(cv2, 'imwrite', lambda *args: False)
    with pytest.raises(OSError, match='000000.jpg'):
        write_stick_figures(tmp_path / 'val', 'val', 2)
    assert not list(tmp_path.iterdir())


def test_no_pictures_are_refused(tmp_path):
    with pytest.raises(ValueError, match='num_images is 0'):
        write_stick_figures(tmp_path / 'val', 'val', 0)


def test_dataset_refuses_an_unknown_split():
    with pytest.raises(ValueError, match="'testing'"):
        DATASETS.build(
            dict(type='mmpose.StickFiguresDataset', split='testing', num_images=2)
        )


def test_parameters_have_folders_of_their_own(config):
    """Other parameters must not be served the files of the first ones."""
    one = DATASETS.build(config.val_dataloader.dataset)
    other = DATASETS.build(dict(config.val_dataloader.dataset, seed=1))
    assert one.ann_file != other.ann_file
    assert not np.array_equal(one[0]['inputs'], other[0]['inputs'])


def test_nothing_is_drawn_before_it_is_needed(config, tmp_path):
    dataset = DATASETS.build(dict(config.val_dataloader.dataset, lazy_init=True))
    assert not list(tmp_path.iterdir())
    assert len(dataset) == 12


def test_the_training_pipeline_makes_inputs_and_heatmaps(config):
    more = [dict(type='RandomHalfBody', prob=1.0), dict(type='RandomBBoxTransform')]
    pipeline = [*config.train_pipeline[:3], *more, *config.train_pipeline[3:]]
    dataset = DATASETS.build(dict(config.train_dataloader.dataset, pipeline=pipeline))
    width, height = config.codec.input_size
    map_width, map_height = config.codec.heatmap_size
    for sample in dataset:
        labels = sample['data_samples']
        assert sample['inputs'].shape == (3, height, width)
        assert labels.gt_fields.heatmaps.shape == (17, map_height, map_width)
        assert labels.gt_instance_labels.keypoint_weights.shape == (1, 17)


def test_heatmaps_peak_at_the_key_points(config):
    target = dict(type='GenerateTarget', encoder=config.codec)
    pipeline = [*config.val_pipeline[:-1], target, config.val_pipeline[-1]]
    dataset = DATASETS.build(dict(config.val_dataloader.dataset, pipeline=pipeline))
    codec = KEYPOINT_CODECS.build(config.codec)
    for sample in dataset:
        labels = sample['data_samples']
        points, peaks = codec.decode(labels.gt_fields.heatmaps.numpy())
        scale = labels.input_scale / labels.input_size
        points = (points - np.array(labels.input_size) / 2) * scale
        points += labels.input_center
        weights = labels.gt_instance_labels.keypoint_weights.numpy()
        taught = weights > 0
        assert taught.sum() >= 10
        assert peaks[taught] == pytest.approx(1)
        error = np.abs(points - labels.gt_instances.keypoints)[taught]
        assert error.max() <= 1.5 * scale.max()  # of a cell of the heat map


def _evaluate(config, move):
    """Metrics of the ground truth, moved by so many pixels, as a prediction."""
    dataset = DATASETS.build(config.val_dataloader.dataset)
    evaluator = Evaluator(config.val_evaluator)
    evaluator.dataset_meta = dataset.metainfo
    for sample in dataset:
        labels = sample['data_samples']
        prediction = labels.gt_instances.clone()
        prediction.keypoints = prediction.keypoints + move
        prediction.keypoint_scores = np.ones((1, 17), np.float32)
        labels.pred_instances = prediction
        evaluator.process([labels])
    return evaluator.evaluate(len(dataset))


def test_the_ground_truth_scores_one(config):
    metrics = _evaluate(config, move=0)
    assert metrics['coco/AP'] == pytest.approx(1)
    assert metrics['PCK'] == pytest.approx(1)


def test_wrong_key_points_score_less(config):
    near, far = (_evaluate(config, move=pixels) for pixels in (3, 20))
    assert 0.1 < near['coco/AP'] < 0.95
    assert far['coco/AP'] < 0.05
    assert far['PCK'] < near['PCK']
