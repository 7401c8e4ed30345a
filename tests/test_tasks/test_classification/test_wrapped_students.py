# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Students of timm and Hugging Face, which have no head of MMPretrain's."""

import pytest
import torch

SIDE = 32


def wrapped(kind, tmp_path, **loss):
    """Config of a small network in one of MMPretrain's wrappers."""
    name, options = 'resnet18', dict(num_classes=4)
    if kind == 'HuggingFaceClassifier':
        from transformers import ResNetConfig

        ResNetConfig(
            embedding_size=8, hidden_sizes=[8, 8], depths=[1, 1], num_labels=4
        ).save_pretrained(tmp_path)
        name, options = str(tmp_path), {}
    loss = dict(type='CrossEntropyLoss', **loss)
    return dict(
        type=f'mmpretrain.{kind}',
        model_name=name,
        loss=loss,
        data_preprocessor=dict(
            mean=[120.0] * 3, std=[60.0] * 3, to_rgb=True, num_classes=4, to_onehot=True
        ),
        **options,
    )


@pytest.mark.parametrize('use_sigmoid', [False, True])
@pytest.mark.parametrize(
    'kind',
    [
        pytest.param('TimmClassifier', marks=pytest.mark.optional('timm')),
        pytest.param(
            'HuggingFaceClassifier', marks=pytest.mark.optional('transformers')
        ),
    ],
)
def test_the_logits_of_a_wrapped_network_are_scored_and_taught(
    tiny, tmp_path, kind, use_sigmoid
):
    loss = dict(use_sigmoid=True) if use_sigmoid else dict(use_soft=True)
    student = wrapped(kind, tmp_path, **loss)
    model = tiny.build_classroom(architecture=student).eval()
    inputs, samples = tiny.prepared(model, tiny.batch(image_size=SIDE))
    recorders = model.distiller.student_recorders
    with recorders:
        own = model.student(inputs, samples, mode='loss')['loss']
    logits = recorders.get_recorder('logits').get_record_data()
    torch.testing.assert_close(logits, model.student(inputs, mode='tensor'))
    scores = model.distiller.scorer(logits, model.mentors(inputs), samples).log_scores
    # TimmClassifier averages the losses of sigmoids over the classes as well.
    classes = 4 if use_sigmoid and kind == 'TimmClassifier' else 1
    torch.testing.assert_close(-scores[0].mean(), own * classes)
    assert model(inputs, samples, mode='loss')['distill.loss_classroom'].isfinite()
