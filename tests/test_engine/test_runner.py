# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Loading a classroom's checkpoint into its student."""

import pytest
import torch


@pytest.fixture
def load(tmp_path):
    """Load a checkpoint into a model, with an averaging hook if asked for."""
    from mmengine.model import BaseModel

    from classroomkd_mm.engine.runner import StudentRunner

    class Student(BaseModel):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(2, 1)

        def forward(self, *inputs, mode='tensor'):
            raise NotImplementedError

    def run(checkpoint, hooks=()):
        torch.save(checkpoint, tmp_path / 'run.pth')
        runner = StudentRunner(
            model=Student(),
            work_dir=str(tmp_path),
            load_from=str(tmp_path / 'run.pth'),
            custom_hooks=list(hooks),
            experiment_name=tmp_path.name,
        )
        runner.call_hook('before_run')
        runner.load_or_resume()
        return runner

    return run


WEIGHTS = {'layer.weight': torch.tensor([[1.0, 2.0]]), 'layer.bias': torch.ones(1)}


@pytest.mark.parametrize('checkpoint', [{'state_dict': WEIGHTS}, WEIGHTS])
def test_the_weights_of_the_student_are_loaded(load, checkpoint):
    model = load(checkpoint).model
    assert torch.equal(model.layer.weight, WEIGHTS['layer.weight'])


def test_what_only_training_needs_is_left_out(load):
    connector = {'distiller.connectors.a.weight': torch.ones(1)}
    model = load({'state_dict': {**WEIGHTS, **connector}}).model
    assert torch.equal(model.layer.weight, WEIGHTS['layer.weight'])


@pytest.mark.parametrize(
    'weights',
    [
        {'layer.weight': WEIGHTS['layer.weight']},
        {**WEIGHTS, 'other.bias': torch.ones(1)},
        {f'backbone.{name}': value for name, value in WEIGHTS.items()},
    ],
    ids=['missing', 'unexpected', 'of another model'],
)
def test_a_checkpoint_that_does_not_fit_is_an_error(load, weights):
    with pytest.raises(RuntimeError, match='layer.bias|other.bias'):
        load({'state_dict': weights})


def test_an_averaged_student_is_loaded_too(load):
    runner = load({'state_dict': WEIGHTS}, hooks=[dict(type='EMAHook')])
    runner.call_hook('before_test_epoch')
    assert torch.equal(runner.model.layer.weight, WEIGHTS['layer.weight'])
