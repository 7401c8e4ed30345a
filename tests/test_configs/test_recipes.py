# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Every classification recipe reads, builds, learns two steps and validates.

The weights of the mentors are left out, and the data set gives noise of the size of
its images. The recipes of pose estimation have tests of their own.
"""

import functools
from pathlib import Path

import pytest
import torch
from mmengine.config import Config, config, utils
from mmengine.dataset import Compose
from mmengine.runner import Runner
from mmpretrain.registry import DATASETS, TRANSFORMS
from torch.utils.data import Dataset

import classroomkd_mm  # noqa: F401
from classroomkd_mm.engine.hooks.channels_last_hook import wants_channels_last

CONFIGS = Path(__file__).parents[2] / 'configs'
FOLDERS = (
    'pretrain/cifar10', 'pretrain/cifar100', 'pretrain/digits',
    'classroomkd/cifar10', 'classroomkd/cifar100',
    'classroomkd/digits', 'classroomkd/imagenet',
)  # fmt: skip
RECIPES = sorted(
    path for folder in FOLDERS for path in (CONFIGS / folder).rglob('*.py')
)
QUICK = (
    'classroomkd_resnet8-w4_1xb20_digits',
    'classroomkd_resnet56+2peers_resnet8_1xb64_cifar10',
    'classroomkd_vgg13+5peers_vgg8_1xb64_cifar100',
    'resnet8-w3_1xb20_digits',
    'wrn-16-2_1xb64_cifar100',
)
IMAGE_SIZES = dict(Digits=8, CIFAR10=32, CIFAR100=32, ImageNet=96)


@pytest.fixture(scope='module', autouse=True)
def spare_time():
    """Read the metafiles of all of MMPretrain's models once, and write plain configs.

    MMEngine reads them for each `mmpretrain::…`, and formats a config four times in a
    run, which takes longer than the run.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, 'load', functools.cache(utils.load))
        patch.setattr(config, 'FormatCode', lambda text, **_: (text, True))
        yield


@functools.cache
def last_epoch(path):
    """The number of epochs of a recipe."""
    return Config.fromfile(path).train_cfg.max_epochs


@DATASETS.register_module(force=True)
class Noise(Dataset):
    """Random images and labels."""

    def __init__(self, image_size, num_images, pipeline):
        steps = [step for step in pipeline if step['type'] != 'LoadImageFromFile']
        self.pipeline = Compose([TRANSFORMS.build(step) for step in steps])
        generator = torch.Generator().manual_seed(0)
        shape = (num_images, image_size, image_size, 3)
        self.images = torch.randint(256, shape, generator=generator).byte().numpy()

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        image = self.images[index]
        shape = image.shape[:2]
        return self.pipeline(
            dict(img=image, img_shape=shape, ori_shape=shape, gt_label=index % 3)
        )


def with_noise(loader, num_images):
    """The data loader of a recipe over two random images at a time."""
    dataset = loader.pop('dataset')
    dataset = dataset.get('dataset', dataset)
    dataset = dict(
        type='Noise',
        image_size=IMAGE_SIZES[dataset['type']],
        num_images=num_images,
        pipeline=dataset['pipeline'],
    )
    return dict(
        loader, dataset=dataset, batch_size=2, num_workers=0, persistent_workers=False
    )


def without_weights(model):
    """The model of a recipe with mentors and backbones of random weights."""
    for mentor in model.get('mentors', {}).values():
        if mentor is None:
            continue
        mentor.pop('pretrained', None)
        mentor['ckpt'] = None
        own = mentor.get('model', {})
        for option in ('weights', 'pretrained'):
            own.pop(option, None)
    if 'init_cfg' in model.get('backbone', {}):
        model['backbone']['init_cfg'] = None
    return model


def load(path, work_dir):
    """A recipe that needs neither the network nor files, for two steps."""
    cfg = Config.fromfile(path)
    cfg.model = without_weights(cfg.model.to_dict())
    cfg.train_dataloader = with_noise(cfg.train_dataloader.to_dict(), 4)
    cfg.val_dataloader = with_noise(cfg.val_dataloader.to_dict(), 2)
    cfg.test_dataloader = cfg.val_dataloader
    cfg.train_cfg.max_epochs = cfg.train_cfg.val_interval = 1
    cfg.default_hooks.checkpoint = None
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = f'{path.stem}_{path.parent.name}'
    return cfg


def marked(path):
    """A parameter of a test: slow, but for a few."""
    marks = [] if path.stem in QUICK else [pytest.mark.slow]
    if 'mobilenetv3-large-minimal' in path.read_text():
        marks.append(pytest.mark.optional('timm'))
    return pytest.param(path, id=path.stem, marks=marks)


def test_quick_ones_exist():
    assert set(QUICK) <= {path.stem for path in RECIPES}


@pytest.mark.parametrize('path', [marked(path) for path in RECIPES])
def test_two_steps_and_a_validation(path, tmp_path):
    runner = Runner.from_cfg(load(path, tmp_path))
    before = {k: v.clone() for k, v in runner.model.state_dict().items()}
    runner.train()
    assert runner.iter == 2
    scalars = runner.message_hub.log_scalars
    assert torch.isfinite(torch.tensor(scalars['train/loss'].current()))
    assert 'val/accuracy/top1' in scalars
    if path.stem.startswith('classroomkd'):
        assert 'train/distill.loss_classroom' in scalars
        assert wants_channels_last(runner.cfg)
    moved = [k for k, v in runner.model.state_dict().items() if (v != before[k]).any()]
    assert any(key.startswith('backbone') for key in moved)
    assert any(key.startswith('head') for key in moved)


# The whole table of METHOD: student, teacher, number of peers.
CLASSROOMS = [
    ('mobilenetv2-half', 'resnet50', 5),
    ('mobilenetv2-half', 'vgg13', 5),
    ('vgg8', 'vgg13', 5),
    ('shufflenetv1', 'resnet50', 5),
    ('shufflenetv1', 'wrn-40-2', 5),
    ('shufflenetv2', 'resnet56', 5),
    ('resnet20', 'resnet56', 5),
    ('resnet32', 'resnet110', 5),
    ('wrn-16-2', 'wrn-40-2', 5),
    ('wrn-40-1', 'wrn-40-2', 5),
    ('resnet18', 'swin-tiny', 4),
    ('resnet34', 'wrn-40-2', 8),
]


@pytest.mark.parametrize(('student', 'teacher', 'peers'), CLASSROOMS)
def test_cifar100_classrooms(student, teacher, peers):
    """The mentors' files exist, and their checkpoints are those that training saves."""
    cfg = Config.fromfile(
        CONFIGS / 'classroomkd/cifar100'
        f'/classroomkd_{teacher}+{peers}peers_{student}_1xb64_cifar100.py'
    )
    assert Path(cfg.model.architecture.cfg_path).stem == f'{student}_1xb64_cifar100'
    names = list(cfg.model.mentors)
    assert names[0] == teacher
    assert len(names) == 1 + peers
    assert student not in names
    for name, mentor in cfg.model.mentors.items():
        file = Path(mentor.cfg_path).resolve()
        stem = file.stem
        assert stem == f'{name}_1xb64_cifar100'
        assert mentor.ckpt == f'work_dirs/{stem}/epoch_{last_epoch(file)}.pth'
    distiller = cfg.model.distiller
    assert distiller.mentoring == dict(type='Mentoring', mentoring=4.0, tau_max=12)
    assert distiller.knowledge_filter == dict(type='TrustFilter')
    epochs = 500 if student == 'resnet34' else 240
    assert cfg.train_cfg.max_epochs == epochs
    assert cfg.train_dataloader.batch_size == 64


@pytest.mark.parametrize('data', ['cifar100', 'stick_figures'])
def test_a_mentor_has_the_last_checkpoint_of_its_recipe(data):
    mentors = Config.fromfile(CONFIGS / f'_base_/mentors/{data}.py').mentors
    for mentor in mentors.values():
        file = Path(mentor.cfg_path).resolve()
        assert mentor.ckpt == f'work_dirs/{file.stem}/epoch_{last_epoch(file)}.pth'


def test_cifar100_data():
    cfg = Config.fromfile(CONFIGS / '_base_/datasets/cifar100_bs64.py')
    norm = cfg.data_preprocessor
    assert [x / 255 for x in norm.mean] == pytest.approx([0.5071, 0.4867, 0.4408])
    assert [x / 255 for x in norm.std] == pytest.approx([0.2675, 0.2565, 0.2761])
    crop, flip, _ = cfg.train_dataloader.dataset.pipeline
    assert (crop.type, crop.crop_size, crop.padding) == ('RandomCrop', 32, 4)
    assert (flip.type, flip.prob, flip.direction) == ('RandomFlip', 0.5, 'horizontal')
    assert [step.type for step in cfg.val_dataloader.dataset.pipeline] == ['PackInputs']


@pytest.mark.parametrize(
    ('student', 'tau_max'), [('resnet18', 4), ('mobilenetv1', 4), ('mobilenetv2', 8)]
)
def test_imagenet_classrooms(student, tau_max):
    """Every mentor names weights that were published."""
    from mmengine.hub import get_config
    from torchvision.models import get_model_weights

    (path,) = CONFIGS.glob(f'classroomkd/imagenet/*_{student}_8xb64_in1k.py')
    cfg = Config.fromfile(path)
    assert cfg.model.distiller.mentoring.tau_max == tau_max
    assert len(cfg.model.mentors) == 5
    for mentor in cfg.model.mentors.values():
        model = mentor.get('model', {})
        if 'cfg_path' in mentor:
            url = get_config(mentor.cfg_path, pretrained=True).model_path
            assert url.startswith('https://download.openmmlab.com/')
        elif model.type.startswith('torchvision.models.'):
            get_model_weights(model.type.split('.')[-1])[model.weights]  # KeyError
        else:
            assert model.pretrained
    assert cfg.train_dataloader.batch_size == 64
    assert cfg.auto_scale_lr.base_batch_size == 8 * 64
