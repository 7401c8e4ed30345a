# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Bad samples: what comes of them is documented, or the error names sample and file."""

import importlib
import math
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

HOOKS = [dict(type='mmrazor.ClassroomHook')]


@pytest.fixture(autouse=True)
def no_environment(tiny, monkeypatch):
    """Runs do not ask all compilers for their versions."""
    monkeypatch.setattr('mmengine.runner.Runner._log_env', lambda *_: None)


@pytest.fixture
def pose():
    """The module with pose models and samples."""
    return importlib.import_module('tiny_pose')


def loader(dataset, batch_size=5, **options):
    """A data loader of any dataset."""
    from mmengine.dataset import DefaultSampler, pseudo_collate

    sampler = DefaultSampler(dataset, shuffle=False)
    options = dict(collate_fn=pseudo_collate) | options
    return torch.utils.data.DataLoader(dataset, batch_size, sampler=sampler, **options)


def changed_data(tiny, change, index=7):
    """A dataset with files, one of whose samples is changed."""

    class Data(tiny.TinyData):
        def __getitem__(self, i):
            data = super().__getitem__(i)
            info = dict(sample_idx=i, img_path=f'data/{i}.png')
            data['data_samples'].set_metainfo(info)
            return change(data) or data if i == index else data

    return Data()


# Targets ----------------------------------------------------------------------


def label(value):
    return lambda data: data['data_samples'].set_gt_label(value) and None


def score(*values):
    def change(data):
        del data['data_samples'].gt_label
        data['data_samples'].set_gt_score(torch.tensor(values))

    return change


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (label(9), 'has the label 9, but the classes of the student are 0 to 3'),
        (label(-1), 'has the label -1'),
        (label(4), 'has the label 4'),
        (score(0.5, 0.5, 0.0), 'gt_score of 3 classes, but the student has 4'),
        (score(0.5, math.nan, 0.5, 0.0), 'gt_score with negative, infinite or NaN'),
        (score(2.0, -1.0, 0.0, 0.0), 'gt_score with negative, infinite or NaN'),
    ],
    ids=['beyond', 'negative', 'one too far', 'short', 'nan', 'negative share'],
)
def test_a_wrong_label_names_sample_and_file(tiny, tmp_path, change, message):
    data = changed_data(tiny, change)
    with pytest.raises(ValueError, match=message) as error:
        tiny.run(tmp_path, hooks=HOOKS, loader=loader(data))
    assert str(error.value).startswith('Sample 7 (data/7.png) has')


def test_samples_without_a_name_are_known_by_their_place(tiny, tmp_path):
    data = tiny.TinyData()
    data.labels[[12, 13]] = 99
    with pytest.raises(ValueError, match=r'Sample 2 of the batch .* 1 others'):
        tiny.run(tmp_path, hooks=HOOKS, loader=loader(data))


def test_targets_on_the_device_are_not_waited_for(tiny):
    from classroomkd_mm.tasks import find_task

    student = tiny.build_classroom().student
    sample = tiny.DataSample().set_gt_label(9)
    wrong = find_task(student).wrong_targets
    assert list(wrong(student, [sample])) == [0]
    assert wrong(student, [sample.to('meta')]) == {}


def set_weights(samples, value):
    samples[1].gt_instance_labels.keypoint_weights[0, 3] = value


def swap_in(other):
    def change(samples):
        samples[1] = other(importlib.import_module('tiny_pose'))

    return change


@pytest.mark.parametrize(
    ('kind', 'change', 'message'),
    [
        (
            'MSRAHeatmap',
            swap_in(lambda tp: tp.samples(tp.codec(), points=16)[1][0]),
            'has 16 keypoints, but the student has 17.*out_channels',
        ),
        (
            'MSRAHeatmap',
            swap_in(lambda tp: tp.samples(tp.codec(input_size=tp.LARGE_INPUT))[1][0]),
            r'heatmaps of \(17, 48, 32\).*\(24, 16\) cells.*GenerateTarget',
        ),
        (
            'SimCCLabel',
            swap_in(
                lambda tp: tp.samples(tp.codec('SimCCLabel', simcc_split_ratio=1.0))[1][
                    0
                ]
            ),
            r'keypoint_x_labels of \(1, 17, 64\).*\(128,\) cells',
        ),
        ('MSRAHeatmap', lambda s: set_weights(s, math.nan), 'NaN weights of keypoints'),
        ('SimCCLabel', lambda s: set_weights(s, math.inf), 'NaN weights of keypoints'),
    ],
    ids=['points', 'map', 'bins', 'nan', 'inf'],
)
def test_a_wrong_pose_target_names_its_sample(pose, kind, change, message):
    from classroomkd_mm.engine import SampleCheckHook

    head = pose.simcc_head() if kind == 'SimCCLabel' else pose.heatmap_head()
    model = pose.build(pose.pose_classroom(dict(a=pose.mentor(head)), head))
    _, samples = pose.samples(pose.codec(kind))
    hook, runner = SampleCheckHook(), SimpleNamespace(model=model)
    hook.before_train_iter(runner, 0, dict(data_samples=samples))
    change(samples)
    samples[1].set_metainfo(dict(sample_idx=41, img_path='coco/41.jpg'))
    with pytest.raises(ValueError, match=rf'^Sample 41 \(coco/41.jpg\) .*{message}'):
        hook.before_train_iter(runner, 0, dict(data_samples=samples))


@pytest.mark.parametrize('kind', ['MSRAHeatmap', 'SimCCLabel'])
@pytest.mark.parametrize('where', [-500.0, 1e6])
def test_a_keypoint_beyond_the_crop_does_not_count(pose, kind, where):
    keypoints = np.full((17, 2), 30.0)
    keypoints[5] = where
    weights = pose.encode(pose.codec(kind), keypoints, np.ones(17))['keypoint_weights']
    assert weights[0].tolist() == [float(k != 5) for k in range(17)]


# Batches ----------------------------------------------------------------------


@pytest.mark.parametrize('by_epoch', [True, False])
def test_a_loader_without_batches_is_refused(tiny, tmp_path, by_epoch):
    few = loader(tiny.TinyData(3), drop_last=True)
    cfg = dict(by_epoch=True, max_epochs=1) if by_epoch else dict(max_iters=2)
    cfg = dict(by_epoch=by_epoch) | cfg
    with pytest.raises(ValueError, match=r'no batch: .* 3 samples.*batch_size=5'):
        tiny.run(tmp_path, hooks=HOOKS, loader=few, train_cfg=cfg)
    with pytest.raises(ValueError, match=r'no batch: .* 0 samples'):
        tiny.run(tmp_path, hooks=HOOKS, loader=loader(tiny.TinyData(0)), train_cfg=cfg)


def test_an_empty_batch_is_refused(tiny):
    from classroomkd_mm.engine import SampleCheckHook

    runner = SimpleNamespace(model=tiny.build_classroom())
    with pytest.raises(ValueError, match=r'empty batch.*collate_fn'):
        SampleCheckHook().before_train_iter(runner, 0, dict(inputs=[], data_samples=[]))


def test_batches_of_one(tiny, tmp_path):
    runner = tiny.run(
        tmp_path, hooks=HOOKS, loader=loader(tiny.TinyData(6), 1), epochs=1
    )
    assert runner.iter == 6
    assert all(p.isfinite().all() for p in runner.model.parameters())


@pytest.mark.parametrize('kind', ['MSRAHeatmap', 'SimCCLabel'])
def test_a_pose_batch_of_one(pose, kind):
    head = pose.simcc_head() if kind == 'SimCCLabel' else pose.heatmap_head()
    model = pose.build(pose.pose_classroom(dict(a=pose.mentor(head)), head))
    total, _ = model.parse_losses(
        model(*pose.samples(pose.codec(kind), count=1), mode='loss')
    )
    total.backward()
    assert total > 0
    assert model.student.backbone.conv1.weight.grad.isfinite().all()


def test_nobody_teaches_in_a_whole_run(tiny, tmp_path):
    """The student alone: W · task loss is all that is left."""
    from classroomkd_mm.visualization import read_report

    model = tiny.build_classroom()
    for mentor in model.mentors:  # sure of a class that is never the right one
        fine = mentor.network.forward
        mentor.network.forward = wrong_answers(tiny, fine)
    runner = tiny.run(tmp_path, model, hooks=HOOKS, loader=no_last_class(tiny))
    for line in read_report(tmp_path):
        for values in line['mentors'].values():
            assert values['taught'] == values['loss'] == 0
            assert values['temperature'] is None
    assert all(p.isfinite().all() for p in runner.model.parameters())


def wrong_answers(tiny, fine):
    def forward(*arguments, **options):
        logits = torch.zeros_like(fine(*arguments, **options))
        logits[:, tiny.NUM_CLASSES - 1] = 50
        return logits

    return forward


def no_last_class(tiny):
    data = tiny.TinyData()
    data.labels = data.labels % (tiny.NUM_CLASSES - 1)
    return loader(data)


# Images -----------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, tiny):
    """Images of two classes, in files."""
    import cv2

    rng = np.random.default_rng(0)
    for kind in 'ab':
        (tmp_path / kind).mkdir()
        for number in range(2):
            image = rng.integers(255, size=(16, 16, 3), dtype=np.uint8)
            cv2.imwrite(str(tmp_path / kind / f'{number}.jpg'), image)
    return tmp_path


def images(folder, load):
    """A dataset of the folder, as classification or pose configs load images."""
    from mmengine.dataset import BaseDataset

    importlib.import_module('mmpose.datasets.transforms')
    importlib.import_module('mmpretrain.datasets')

    class Images(BaseDataset):
        def load_data_list(self):
            paths = sorted(folder.glob('*/*.jpg'))
            return [dict(img_path=str(p), gt_label=i // 2) for i, p in enumerate(paths)]

    pipeline = [load, dict(type='mmpretrain.PackInputs')]
    return Images(pipeline=pipeline, serialize_data=False)


LOADERS = {
    'cv2': dict(type='LoadImageFromFile'),
    'pillow': dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    'pose': dict(type='mmpose.LoadImage'),
}
DAMAGE = {
    'garbage': lambda path: path.write_bytes(b'not an image' * 9),
    'empty': lambda path: path.write_bytes(b''),
    'cut': lambda path: path.write_bytes(path.read_bytes()[:300]),
    'missing': lambda path: path.rename(path.with_suffix('.gone')),
}


@pytest.mark.parametrize('damage', DAMAGE)
@pytest.mark.parametrize('load', LOADERS)
def test_a_broken_image_names_sample_and_file(folder, load, damage):
    path, data = folder / 'a/1.jpg', images(folder, LOADERS[load])
    data[1]
    DAMAGE[damage](path)
    with pytest.raises(ValueError, match='cannot be prepared') as error:
        data[1]
    assert str(error.value).startswith(f'Sample 1 ({path}) cannot')
    assert 'Replace its file' in str(error.value)
    data[0]


def test_a_broken_image_in_a_worker_and_in_a_seeded_view(folder, monkeypatch):
    from classroomkd_mm.datasets.seeded_views import SeededViews

    # How long a data loader waits for its workers to end.
    monkeypatch.setattr('torch.utils.data._utils.MP_STATUS_CHECK_INTERVAL', 0.1)
    data = images(folder, LOADERS['cv2'])
    DAMAGE['garbage'](folder / 'b/0.jpg')
    with pytest.raises(ValueError, match=r'Sample 2 \(.*b/0\.jpg\) cannot be prepared'):
        list(loader(data, 2, num_workers=1))
    with pytest.raises(ValueError, match=r'Sample 2 \(.*b/0\.jpg\) cannot be prepared'):
        SeededViews(data, num_views=3)[4 + 2]


def test_inference_gets_the_error_of_the_transform(folder):
    pipeline = images(folder, LOADERS['cv2']).pipeline
    DAMAGE['missing'](folder / 'a/0.jpg')
    with pytest.raises(FileNotFoundError):
        pipeline(dict(img_path=str(folder / 'a/0.jpg')))


def test_an_image_of_another_size_is_named(tiny):
    from mmengine.registry import FUNCTIONS

    def grow(data):
        data['inputs'] = torch.zeros(3, 14, 10, dtype=torch.uint8)

    collate = FUNCTIONS.get('default_collate')
    assert collate is sys.modules['mmengine.dataset'].default_collate
    data = changed_data(tiny, grow, index=3)
    message = r'Sample 3 \(data/3\.png\) has an image \(3, 14, 10\).*Resize'
    with pytest.raises(ValueError, match=message):
        list(loader(data, collate_fn=collate))
    assert collate([dict(inputs=torch.zeros(2))] * 3)['inputs'].shape == (3, 2)
    with pytest.raises(RuntimeError, match='equal size'):  # not of the images
        collate([dict(inputs=torch.zeros(2), x=torch.zeros(i + 1)) for i in range(2)])


def test_images_of_different_size_are_padded_without_default_collate(tiny, tmp_path):
    """MMEngine's stack_batch: to the largest, below and at the right."""

    def grow(data):
        data['inputs'] = torch.full((3, 14, 16), 9, dtype=torch.uint8)

    data = changed_data(tiny, grow)
    seen = []
    model = tiny.build_classroom()
    model.mentors['a'].network.register_forward_pre_hook(
        lambda _, arguments: seen.append(arguments[0].shape)
    )
    tiny.run(tmp_path, model, hooks=HOOKS, loader=loader(data), epochs=1)
    assert seen[-4:] == [
        (5, 3, 12, 12), (5, 3, 14, 16), (5, 3, 12, 12), (5, 3, 12, 12)
    ]  # fmt: skip
