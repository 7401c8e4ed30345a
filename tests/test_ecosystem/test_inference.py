# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What a run leaves is enough to use the student, also without its mentors' files."""

import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from registries import registered

TRIED = {
    'mmpretrain.ImageClassificationInferencer': 'test_classifier',
    'mmpretrain.FeatureExtractor': 'test_classifier',
    'mmpose.Pose2DInferencer': 'test_pose',
    'mmpose.MMPoseInferencer': 'test_pose',
}
# No model of these kinds can be the student of a classroom.
OTHER_TASKS = {
    'mmpretrain.ImageRetrievalInferencer': 'asserts an ImageToImageRetriever, and '
    'needs its prototypes',
    'mmpretrain.ImageCaptionInferencer': 'language',
    'mmpretrain.VisualQuestionAnsweringInferencer': 'language',
    'mmpretrain.VisualGroundingInferencer': 'language',
    'mmpretrain.TextToImageRetrievalInferencer': 'language',
    'mmpretrain.ImageToTextRetrievalInferencer': 'language',
    'mmpretrain.NLVRInferencer': 'language',
    'mmpose.Pose3DInferencer': 'lifts keypoints; needs videos',
    'mmpose.Hand3DInferencer': 'three dimensions',
}


def inferencers(package):
    """All inferencers in the `apis` of a package, which registers only some."""
    apis = importlib.import_module(f'{package}.apis')
    found = set()
    for info in pkgutil.walk_packages(apis.__path__, f'{apis.__name__}.'):
        module = importlib.import_module(info.name)
        found |= {
            f'{package}.{name}'
            for name, cls in vars(module).items()
            if inspect.isclass(cls)
            and cls.__module__ == info.name
            and name.endswith(('Inferencer', 'Extractor'))
            and not name.startswith('Base')
        }
    return found


@pytest.mark.slow
def test_every_inferencer_is_in_the_table():
    found = inferencers('mmpretrain') | inferencers('mmpose')
    known = {
        f'{n.split(".")[0]}.{c.__name__}' for n, c in registered('INFERENCERS').items()
    }
    assert found | known == {*TRIED, *OTHER_TASKS}


def trained(model, dataset, work_dir, scope, mentor_file, test_pipeline, **rest):
    """Train for one epoch from a config, then remove the mentor's file."""
    from mmengine.config import Config
    from mmengine.runner import Runner

    def loader(shuffle, **options):
        return dict(
            batch_size=4,
            num_workers=0,
            dataset={**dataset, **options},
            sampler=dict(type='DefaultSampler', shuffle=shuffle),
        )

    cfg = dict(
        default_scope=scope,
        custom_imports=dict(
            imports=[
                'classroomkd_mm.engine',
                'classroomkd_mm.models',
                'classroomkd_mm.datasets.stick_figures',
                'tiny_classroom',
            ]
        ),
        model=model,
        train_dataloader=loader(True),
        train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01)),
        test_dataloader=loader(False, pipeline=test_pipeline),
        test_cfg={},
        custom_hooks=[
            dict(type='mmrazor.ClassroomHook'),
            dict(type='EMAHook', momentum=0.1),
        ],
        work_dir=str(work_dir / 'run'),
        experiment_name=work_dir.name,
        randomness=dict(seed=0),
        **rest,
    )
    Config(cfg).dump(str(work_dir / 'own.py'))
    runner = Runner.from_cfg(Config.fromfile(work_dir / 'own.py'))
    runner.train()
    Path(mentor_file).unlink()
    return runner


@pytest.fixture(scope='module')
def classifier(tiny, tmp_path_factory):
    """Work dir of a trained classifier, and its student."""
    import cv2

    root = tmp_path_factory.mktemp('classifier')
    for index, name in enumerate('abcd'):
        (root / 'data' / name).mkdir(parents=True)
        for number in range(3):
            image = np.full((12, 12, 3), 60 * index + number, np.uint8)
            cv2.imwrite(str(root / 'data' / name / f'{number}.png'), image)
    mentor = tiny.build_classroom().mentors['a'].network
    torch.save(mentor.state_dict(), root / 'mentor.pth')
    model = tiny.classroom_config(
        dict(a=dict(model=tiny.net(6), ckpt=str(root / 'mentor.pth')))
    )
    dataset = dict(
        type='CustomDataset',
        data_root=str(root / 'data'),
        pipeline=[dict(type='LoadImageFromFile'), dict(type='PackInputs')],
    )
    runner = trained(
        model, dataset, root, 'mmpretrain', root / 'mentor.pth', dataset['pipeline'],
        test_evaluator=dict(type='Accuracy'),
    )  # fmt: skip
    return root, runner


@pytest.fixture(params=['student.py', 'own.py'])
def config(request):
    """The student's config, or the classroom's that MMEngine leaves in the work dir."""
    return request.param


def test_classifier(classifier, config):
    from mmpretrain.apis import (
        FeatureExtractor,
        ImageClassificationInferencer,
        get_model,
    )

    root, runner = classifier
    files = str(root / 'run' / config), str(root / 'run' / 'epoch_1.pth')
    model = get_model(*files)
    saved = torch.load(files[1])['state_dict']
    assert list(model.state_dict()) == list(saved)
    assert all(torch.equal(v, saved[k]) for k, v in model.state_dict().items())

    picture = str(root / 'data' / 'd' / '0.png')
    by_file = ImageClassificationInferencer(*files, device='cpu')(picture)[0]
    by_model = ImageClassificationInferencer(model)(picture)[0]
    assert by_file['pred_class'] in 'abcd'
    np.testing.assert_array_equal(by_file['pred_scores'], by_model['pred_scores'])
    (features,) = FeatureExtractor(model)(picture)[0]
    assert features.shape == (4,)


@pytest.fixture(scope='module')
def pose(tmp_path_factory):
    """Work dir of a trained pose model, and its runner."""
    import tiny_pose

    root = tmp_path_factory.mktemp('pose')
    network = tiny_pose.pose_net()
    torch.save(tiny_pose.build(network).state_dict(), root / 'mentor.pth')
    mentors = dict(a=dict(model=network, ckpt=str(root / 'mentor.pth')))
    crop = [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='TopdownAffine', input_size=tiny_pose.INPUT),
    ]
    pack = dict(type='PackPoseInputs')
    dataset = dict(
        type='StickFiguresDataset',
        split='train',
        num_images=8,
        data_root=str(root / 'data'),
        data_mode='topdown',
        pipeline=[*crop, dict(type='GenerateTarget', encoder=tiny_pose.codec()), pack],
    )
    model = tiny_pose.pose_classroom(mentors)
    return root, trained(
        model, dataset, root, 'mmpose', root / 'mentor.pth', [*crop, pack],
        data_mode='topdown',
        dataset_type='StickFiguresDataset',  # MMPose's inferencers look here
        test_evaluator=dict(type='PCKAccuracy', thr=0.2),
        visualizer=dict(type='PoseLocalVisualizer'),
    )  # fmt: skip


def test_pose(pose, config):
    from mmpose.apis import (
        MMPoseInferencer,
        Pose2DInferencer,
        inference_topdown,
        init_model,
    )

    root, runner = pose
    files = str(root / 'run' / config), str(root / 'run' / 'epoch_1.pth')
    model = init_model(*files, device='cpu')
    saved = torch.load(files[1])['state_dict']
    assert list(model.state_dict()) == list(saved)
    assert all(torch.equal(v, saved[k]) for k, v in model.state_dict().items())
    assert model.dataset_meta['num_keypoints'] == 17

    picture = str(next((root / 'data').rglob('*.jpg')))
    (expected,) = inference_topdown(model, picture)
    points = expected.pred_instances.keypoints[0]
    one = Pose2DInferencer(*files, device='cpu', det_model='whole_image')
    two = MMPoseInferencer(
        pose2d=files[0], pose2d_weights=files[1], device='cpu', det_model='whole_image'
    )
    for inferencer in (one, two):
        (instances,) = next(inferencer(picture))['predictions']
        np.testing.assert_allclose(instances[0]['keypoints'], points, atol=1e-3)


def test_the_checkpoint_alone_is_enough(pose):
    """MMEngine's inferencers take the config out of it: the student's."""
    from mmpose.apis import Pose2DInferencer

    root, _ = pose
    weights = str(root / 'run' / 'epoch_1.pth')
    inferencer = Pose2DInferencer(None, weights, device='cpu', det_model='whole_image')
    assert type(inferencer.model).__name__ == 'TopdownPoseEstimator'


@pytest.mark.parametrize('work_dir', ['classifier', 'pose'])
def test_student_config_is_plain(request, work_dir):
    root, runner = request.getfixturevalue(work_dir)
    text = (root / 'run' / 'student.py').read_text()
    for word in ('entor', 'lassroomHook', 'istill', 'mmrazor', 'train_dataloader'):
        assert word not in text
    assert 'EMAHook' in text  # the user's own hooks stay
    assert ('datasets.stick_figures' in text) == (work_dir == 'pose')
    checkpoint = torch.load(root / 'run' / 'epoch_1.pth')
    assert checkpoint['meta']['cfg'] == text


@pytest.mark.parametrize('work_dir', ['classifier', 'pose'])
def test_runner_tests_the_student_as_the_classroom(request, work_dir):
    from mmengine.config import Config
    from mmengine.runner import Runner

    root, runner = request.getfixturevalue(work_dir)
    results = []
    for config in ('student.py', 'own.py'):
        cfg = Config.fromfile(root / 'run' / config)
        cfg.work_dir = str(root / 'test')
        cfg.load_from = str(root / 'run' / 'epoch_1.pth')
        results.append(Runner.from_cfg(cfg).test())
    assert results[0] == results[1]


def test_own_config_still_is_a_classroom(classifier):
    """It names the missing mentor when it is to train, before the first batch."""
    from mmengine.config import Config
    from mmengine.runner import Runner

    root, _ = classifier
    cfg = Config.fromfile(root / 'run' / 'own.py')
    assert cfg.model.type == 'mmrazor.ClassroomDistill'
    cfg.work_dir = str(root / 'again')
    runner = Runner.from_cfg(cfg)
    with pytest.raises(FileNotFoundError, match=r"'a'.*mentor\.pth.*does not exist"):
        runner.train()
    with pytest.raises(FileNotFoundError, match="'a'"):
        runner.model(torch.zeros(1, 3, 12, 12), mode='loss')


@pytest.mark.slow
@pytest.mark.parametrize('package', ['mmpretrain', 'mmpose'])
def test_mim_tests_the_student(request, package):
    root, _ = request.getfixturevalue('pose' if package == 'mmpose' else 'classifier')
    mim = Path(sys.executable).with_name('mim')
    done = subprocess.run(
        [mim, 'test', package, 'run/student.py', '--checkpoint', 'run/epoch_1.pth'],
        cwd=root, capture_output=True, text=True,
        env={**os.environ, 'PYTHONPATH': str(Path(__file__).parents[1])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert 'Testing finished successfully' in done.stdout
