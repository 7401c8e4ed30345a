# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The accuracy of the mentors beside the student's."""

import json
from pathlib import Path

import pytest
import torch

LOOP = dict(type='mmrazor.ClassroomValLoop')
EVALUATOR = dict(type='mmpretrain.Accuracy', topk=(1, 2))
NAMES = ('accuracy/top1', 'accuracy/top2')


def run(tiny, work_dir, model=None, val_cfg=LOOP, **options):
    options = dict(evaluator=EVALUATOR, hooks=[dict(type='mmrazor.ClassroomHook')]) | (
        options
    )
    return tiny.run(
        work_dir,
        model,
        val_dataloader=tiny.tiny_loader(),
        val_cfg=dict(val_cfg),
        val_evaluator=options.pop('evaluator'),
        **options,
    )


def validations_of(runner):
    path = Path(runner.log_dir, 'vis_data', 'scalars.json')
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [line for line in lines if NAMES[0] in line]


def accuracy(network, data, classes=None):
    """Top 1 and top 2 in per cent, for a network that sees what the student sees."""
    with torch.no_grad():
        images = network.data_preprocessor(dict(inputs=data.images), False)['inputs']
        logits = network(images)
        logits = logits if classes is None else logits[:, classes]
    best = logits.argsort(dim=1, descending=True) == data.labels[:, None]
    return [100 * float(best[:, :k].any(dim=1).float().mean()) for k in (1, 2)]


@pytest.fixture
def mentors(tiny):
    """Mentors that see, know and order things otherwise."""
    norm = dict(mean=[90.0] * 3, std=[70.0] * 3, to_rgb=False)
    return dict(
        plain=tiny.mentor(8),
        other_norm=tiny.mentor(6, norm=norm),
        more_classes=dict(tiny.mentor(8, num_classes=6), class_map=[5, 0, 2, 1]),
    )


def test_each_mentor_has_the_accuracy_it_has_alone(tiny, tmp_path, mentors):
    model = tiny.build_classroom(mentors)
    runner = run(tiny, tmp_path, model)
    first, last = validations_of(runner)
    data = tiny.TinyData()
    for mentor in model.mentors:
        expected = accuracy(
            mentor.network, data, getattr(mentor.aligner, 'classes', None)
        )
        for line in (first, last):
            found = [line[f'{mentor.name}/{name}'] for name in NAMES]
            assert found == pytest.approx(expected), mentor.name
    student = accuracy(model.student.eval(), data)
    assert [last[name] for name in NAMES] == pytest.approx(student)
    assert list(last)[:2] == list(NAMES)  # save_best='auto' takes the first


def test_mentors_look_at_the_data_once_in_a_run(tiny, tmp_path):
    model = tiny.build_classroom()
    seen = []
    model.mentors['a'].network.register_forward_hook(
        lambda module, inputs, output: seen.append(len(output))
    )
    run(tiny, tmp_path, model, epochs=3)
    assert len(seen) == 3 * 4 + 4  # 4 batches an epoch, and 4 of validation


def test_training_is_not_affected(tiny, tmp_path):
    weights = []
    for name, val_cfg in (('ours', LOOP), ('plain', {})):
        model = tiny.build_classroom(
            architecture=tiny.net(backbone=dict(dropout=0.3)), seed=3
        )
        run(tiny, tmp_path / name, model, val_cfg, randomness=dict(seed=0))
        weights.append(model.student.state_dict())
    for key, value in weights[0].items():
        assert torch.equal(value, weights[1][key]), key


def test_the_best_checkpoint_is_the_students(tiny, tmp_path):
    checkpoint = dict(type='CheckpointHook', save_best='auto')
    runner = run(tiny, tmp_path, default_hooks=dict(checkpoint=checkpoint))
    best = runner.message_hub.get_info('best_score')
    student = [line[NAMES[0]] for line in validations_of(runner)]
    assert best == pytest.approx(max(student))
    assert list(tmp_path.glob('best_accuracy_top1_epoch_*.pth'))


def test_validation_without_training(tiny, tmp_path):
    metrics = run(tiny, tmp_path, train=False).val()
    assert set(metrics) == {
        f'{mentor}{n}' for mentor in ('', 'a/', 'b/') for n in NAMES
    }
    assert not (tmp_path / 'classroom.jsonl').exists()


def test_a_resumed_run_measures_a_new_mentor(tiny, tmp_path):
    run(tiny, tmp_path, epochs=1)
    three = tiny.build_classroom(
        dict(a=tiny.mentor(6), b=tiny.mentor(8), c=tiny.mentor(6))
    )
    hooks = [
        dict(type='mmrazor.ClassroomHook'),
        dict(type='mmrazor.MentorManifestHook', allow_other_mentors=True),
    ]
    runner = run(tiny, tmp_path, three, hooks=hooks, resume=True)
    *_, last = validations_of(runner)
    assert f'c/{NAMES[0]}' in last


def test_needs_a_classroom(tiny, tmp_path):
    student = tiny.build_classroom().student
    with pytest.raises(TypeError, match=r'ClassroomValLoop.*ClassroomDistill'):
        run(tiny, tmp_path, student, hooks=[])


def test_a_task_that_makes_no_predictions_says_so(tiny, tmp_path):
    from classroomkd_mm.tasks import Task

    class Ours(Task):
        def fits(self, network):
            return True

        def distiller(self, student):
            return {}

    model = tiny.build_classroom()
    model.task = Ours()
    with pytest.raises(NotImplementedError, match=r'Ours has no method `predict`'):
        run(tiny, tmp_path, model)


def test_mmrazors_loop_is_refused_with_the_name_of_ours(tiny, tmp_path):
    loop = dict(type='mmrazor.SingleTeacherDistillValLoop')
    with pytest.raises(NotImplementedError, match=r'teacher.*ClassroomValLoop'):
        run(tiny, tmp_path, val_cfg=loop)


def test_a_look_at_all_attributes_is_not_refused(tiny):
    """As PyTorch takes before it traces."""
    model = tiny.build_classroom()
    assert 'teacher' not in dir(model)
    assert all(hasattr(model, name) for name in dir(model))
    assert not hasattr(model, 'teachers')
