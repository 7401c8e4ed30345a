# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A classroom has its student's names and attributes."""

import copy
import pickle

import pytest
import torch
from torch import nn


@pytest.fixture
def model(tiny):
    """A classroom whose student has a parameter and a buffer of its own."""
    from mmpretrain.models import ImageClassifier
    from mmpretrain.registry import MODELS

    @MODELS.register_module(force=True)
    class OwnWeights(ImageClassifier):
        def __init__(self, **options):
            super().__init__(**options)
            self.scale = nn.Parameter(torch.ones(1))
            self.register_buffer('steps', torch.zeros(1))
            self.norm = nn.BatchNorm2d(2)
            self.threshold = 0.5
            self.modes = []

        def train(self, mode=True):
            self.modes.append(mode)
            return super().train(mode)

    student = dict(tiny.net(), type='mmpretrain.OwnWeights')
    return tiny.build_classroom(architecture=student)


@pytest.mark.parametrize('recurse', [True, False])
@pytest.mark.parametrize('kind', ['named_parameters', 'named_buffers'])
def test_names_of_weights(model, kind, recurse):
    def named(module, prefix=''):
        found = getattr(module, kind)(prefix, recurse=recurse)
        return [(name, id(tensor)) for name, tensor in found]

    assert named(model) == named(model.student)
    assert named(model)
    assert named(model, 'a') == named(model.student, 'a')
    if recurse:
        wrapped, plain = nn.ModuleList([model]), nn.ModuleList([model.student])
        assert named(wrapped) == named(plain)


def test_names_of_modules(model):
    def student(pairs):
        return [(n, m) for n, m in pairs if n and not n.startswith('distiller')]

    assert student(model.named_modules()) == student(model.student.named_modules())
    assert student(model.named_children()) == list(model.student.named_children())
    assert [name for name, _ in model.named_children()][-1] == 'distiller'
    assert next(model.modules()) is model
    assert len(set(model.modules())) == len(list(model.modules()))
    duplicates = [n for n, _ in model.named_modules(remove_duplicate=False)]
    assert not any('architecture' in name for name in duplicates)
    assert model.get_submodule('backbone.conv') is model.student.backbone.conv
    assert model.get_parameter('scale') is model.student.scale


def test_attributes_are_the_students(model):
    assert model.head is model.student.head
    assert model.with_neck
    assert model.get_layer_depth.__self__ is model.student
    model.threshold = 0.9
    assert model.student.threshold == 0.9
    head = model.head = nn.Identity()
    assert model.student.head is head
    with pytest.raises(AttributeError, match="'ClassroomDistill'.*'nothing'"):
        model.nothing  # noqa: B018


def test_attributes_of_the_classroom_stay_there(model):
    model.distillation_stopped = True
    model.cfg = 'x'
    assert not {'distillation_stopped', 'cfg'} & set(vars(model.student))


def test_the_data_preprocessor_is_one(model):
    new = copy.deepcopy(model.data_preprocessor)
    model.data_preprocessor = new
    assert model.student.data_preprocessor is new
    assert model.data_preprocessor is new


def test_class(model):
    from mmpretrain.models import ImageClassifier
    from mmrazor.models.algorithms import BaseAlgorithm

    assert isinstance(model, ImageClassifier)
    assert isinstance(model, BaseAlgorithm)
    assert type(model).__name__ == 'ClassroomDistill'
    assert repr(model).startswith('ClassroomDistill(')


@pytest.mark.parametrize(
    'duplicate',
    [copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))],
    ids=['copy', 'pickle'],
)
def test_copies_are_classrooms(tiny, duplicate):
    model = tiny.build_classroom()
    twin = duplicate(model)
    assert type(twin) is type(model)
    assert twin.student is not model.student
    assert twin.backbone is twin.student.backbone
    assert list(twin.state_dict()) == list(model.state_dict())


def test_the_students_own_methods_are_called(model):
    model.train()
    model.eval()
    assert model.student.modes[-2:] == [True, False]
    model.double()
    assert model.student.scale.dtype == torch.float64
    assert model.student.steps.dtype == torch.float64


def test_initialisation_is_the_students(tiny):
    constant = dict(type='Constant', layer='Linear', val=3.0)
    student = dict(tiny.net(init_cfg=None), init_cfg=constant)
    model = tiny.MODELS.build(tiny.classroom_config(architecture=student))
    model.init_weights()
    assert (model.head.fc.weight == 3).all()
    assert model.is_init
    assert model.student.is_init


@pytest.mark.parametrize('direction', ['to sync', 'from sync'])
def test_norms_are_converted_in_the_student(model, direction):
    from mmengine.model import convert_sync_batchnorm, revert_sync_batchnorm

    model = convert_sync_batchnorm(model, 'torch')
    if direction == 'from sync':
        model = revert_sync_batchnorm(model)
    for norm in (model.student.norm, model.student.backbone.norm):
        assert isinstance(norm, nn.SyncBatchNorm) == (direction == 'to sync')
    assert list(model.state_dict()) == list(model.student.state_dict())


def test_versions_in_a_state_dict_are_the_students(model):
    model.student._version = 7
    model.student.backbone._version = 5
    versions = model.state_dict()._metadata
    assert versions['']['version'] == 7
    assert versions['backbone']['version'] == 5
    seen = {}
    for name, module in {'': model.student, 'backbone': model.student.backbone}.items():
        module._register_load_state_dict_pre_hook(
            lambda _, prefix, local, *rest, name=name: seen.update({name: local})
        )
    model.load_state_dict(model.state_dict())
    assert {name: local['version'] for name, local in seen.items()} == {
        '': 7,
        'backbone': 5,
    }


def test_something_else_in_a_subclass_keeps_its_name(model):
    model.extra = nn.Linear(1, 1)
    saved = {key: value + 1 for key, value in model.state_dict().items()}
    assert 'extra.weight' in saved
    model.load_state_dict(saved)
    assert torch.equal(model.extra.weight, saved['extra.weight'])
    assert 'extra.weight' in dict(model.named_parameters())


def test_options_of_the_student_beside_its_architecture(tiny):
    """Inference APIs set `train_cfg` and the like of any model's config."""
    cfg = tiny.classroom_config(train_cfg=None, backbone=dict(dropout=0.5))
    model = tiny.MODELS.build(cfg)
    assert model.backbone.dropout.p == 0.5
    assert model.backbone.conv.out_channels == 4
    for wrong in ('mentros', 'teacher', 'backbones'):
        with pytest.raises(TypeError, match=f'ClassroomDistill has no option.*{wrong}'):
            tiny.MODELS.build({**cfg, wrong: {}})
    with pytest.raises(TypeError, match='no option .train_cfg'):
        tiny.MODELS.build({**cfg, 'architecture': model.student})


@pytest.mark.parametrize('lacks', [FileNotFoundError, ConnectionError, ImportError])
def test_what_a_machine_lacks_for_a_mentor_matters_to_training_only(
    tiny, monkeypatch, lacks
):
    from classroomkd_mm.models.algorithms import classroom_distill

    def fail(*_):
        raise lacks("Mentor 'a' is not here.")

    monkeypatch.setattr(classroom_distill, 'build_mentors', fail)
    model = tiny.MODELS.build(tiny.classroom_config())
    inputs, samples = tiny.prepared(model, tiny.batch(), training=False)
    assert len(model(inputs, samples, mode='predict')) == len(samples)
    for train in (
        model.init_weights,
        lambda: model(inputs, samples, mode='loss'),
        lambda: copy.deepcopy(model).init_weights(),
    ):
        with pytest.raises(lacks, match="Mentor 'a' is not here"):
            train()
