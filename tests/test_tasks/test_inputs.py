# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Promise 2: a mentor sees the input it was trained for."""

import pytest
import torch
import torch.nn.functional as F

IMAGENET = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
NORMS = {
    'student': dict(mean=[120.0, 110.0, 100.0], std=[60.0, 50.0, 40.0], to_rgb=True),
    'other': dict(IMAGENET, to_rgb=True),
    'bgr': dict(mean=[103.5, 116.3, 123.7], std=[57.0, 58.0, 1.0], to_rgb=False),
    'unit': dict(mean=[0.0, 0.0, 0.0], std=[255.0, 255.0, 255.0], to_rgb=True),
    'raw_bgr': dict(mean=[0.0, 0.0, 0.0], std=[1.0, 1.0, 1.0]),
    'raw_rgb': dict(mean=[0.0, 0.0, 0.0], std=[1.0, 1.0, 1.0], to_rgb=True),
    'one_value': dict(mean=[127.5], std=[127.5], to_rgb=True),
}


def seen_by(model, name, inputs):
    """What arrives at the mentor's backbone."""
    arrived = []
    network = model.mentors[name].network
    handle = network.backbone.register_forward_pre_hook(
        lambda module, arguments: arrived.append(arguments[0])
    )
    model.mentors(inputs)
    handle.remove()
    return arrived[0]


def outputs(tiny, student_norm, mentor_norm, **mentor):
    """The mentor's output in the classroom, and alone on the same raw images."""
    model = tiny.build_classroom(
        dict(a=dict(tiny.mentor(6, norm=mentor_norm), **mentor)),
        architecture=tiny.net(norm=student_norm),
    )
    raw, network = tiny.batch(), model.mentors['a'].network
    inputs, _ = tiny.prepared(model, raw)
    own_inputs = network.data_preprocessor(raw)['inputs']
    own = network(own_inputs, mode='tensor')
    return model.mentors(inputs)[0], own, seen_by(model, 'a', inputs), own_inputs


@pytest.mark.parametrize('mentor', NORMS)
@pytest.mark.parametrize('student', NORMS)
def test_as_alone_with_its_own_preprocessor(tiny, student, mentor):
    got, own, seen, own_inputs = outputs(tiny, NORMS[student], NORMS[mentor])
    scale = own_inputs.abs().max()
    torch.testing.assert_close(seen / scale, own_inputs / scale, rtol=0, atol=1e-6)
    torch.testing.assert_close(got, own, rtol=1e-5, atol=1e-5 * float(own.abs().max()))


def test_these_mentors_would_see_the_difference(tiny):
    """The test above can fail: the student's own input gives other logits."""
    model = tiny.build_classroom(dict(a=tiny.mentor(6, norm=NORMS['bgr'])))
    inputs, _ = tiny.prepared(model, tiny.batch())
    network = model.mentors['a'].network
    assert (network(inputs, mode='tensor') - model.mentors(inputs)[0]).abs().max() > 0.1


def test_same_normalization_passes_the_batch_through(tiny):
    model = tiny.build_classroom()
    inputs, _ = tiny.prepared(model, tiny.batch())
    assert seen_by(model, 'a', inputs) is inputs


@pytest.mark.parametrize('size', [12, 20, 7, (8, 16)], ids=str)
def test_input_size(tiny, size):
    norm = NORMS['bgr']
    _, _, seen, own_inputs = outputs(tiny, NORMS['student'], norm, input_size=size)
    pair = (size, size) if isinstance(size, int) else size
    resized = F.interpolate(own_inputs, pair, mode='bilinear', antialias=True)
    assert seen.shape[-2:] == pair
    torch.testing.assert_close(seen, resized, rtol=1e-5, atol=1e-4)


def test_option_goes_over_the_networks_own_preprocessor(tiny):
    option = dict(mean=[10.0, 20.0, 30.0], std=[2.0, 4.0, 8.0], to_rgb=False)
    _, _, seen, own_inputs = outputs(
        tiny, NORMS['student'], NORMS['other'], data_preprocessor=option
    )
    raw = torch.stack(tiny.batch()['inputs']).float()
    expected = (raw - torch.tensor([10.0, 20.0, 30.0]).view(3, 1, 1)) / torch.tensor(
        [2.0, 4.0, 8.0]
    ).view(3, 1, 1)
    torch.testing.assert_close(own_inputs, expected)
    torch.testing.assert_close(seen, expected, rtol=1e-5, atol=1e-4)


def test_students_batch_is_not_changed(tiny):
    model = tiny.build_classroom(dict(a=tiny.mentor(6, norm=NORMS['bgr'])))
    inputs, _ = tiny.prepared(model, tiny.batch())
    before = inputs.clone()
    model.mentors(inputs)
    assert torch.equal(inputs, before)


def test_mixed_images_are_mixed_for_the_mentor_too(tiny):
    """Mixup happens after the normalization; both maps are affine."""
    model = tiny.build_classroom(dict(a=tiny.mentor(6, norm=NORMS['bgr'])))
    raw = tiny.batch()
    inputs, _ = tiny.prepared(model, raw)
    mixed = 0.3 * inputs + 0.7 * inputs.flip(0)
    own = model.mentors['a'].network.data_preprocessor(raw)['inputs']
    expected = 0.3 * own + 0.7 * own.flip(0)
    torch.testing.assert_close(
        seen_by(model, 'a', mixed), expected, rtol=1e-4, atol=1e-4
    )


def test_preprocessor_of_mmengine_itself(tiny):
    """ImgDataPreprocessor calls the swap of channels by another name."""
    from mmengine.model import ImgDataPreprocessor

    from classroomkd_mm.tasks.inputs import InputAdapter, normalization_of

    options = dict(mean=[1.0, 2.0, 3.0], std=[4.0, 5.0, 6.0])
    raw = dict(inputs=tiny.batch()['inputs'])
    plain = ImgDataPreprocessor(**options)
    swapped = ImgDataPreprocessor(**options, bgr_to_rgb=True)
    adapter = InputAdapter(normalization_of(plain), normalization_of(swapped))
    got = adapter(plain(dict(raw))['inputs'])
    torch.testing.assert_close(got, swapped(dict(raw))['inputs'], rtol=1e-5, atol=1e-5)


SILENT = dict(to_rgb=True)


@pytest.mark.parametrize(
    ('student', 'mentor', 'message'),
    [
        (
            NORMS['student'],
            SILENT,
            r"Mentor 'a' has no mean and std .* the student has.*mentor's entry",
        ),
        (
            SILENT,
            NORMS['other'],
            r"The student has no mean and std .* mentor 'a' has.*remove Normalize",
        ),
    ],
    ids=['mentor', 'student'],
)
def test_mean_and_std_on_one_side_only(tiny, student, mentor, message):
    """A Normalize in the pipeline may have done it: the model does not know."""
    with pytest.raises(ValueError, match=message):
        outputs(tiny, student, mentor)


def test_mean_and_std_on_neither_side(tiny):
    """Both see the values that the pipeline gives, in the order of the channels."""
    got, own, *_ = outputs(tiny, SILENT, SILENT)
    torch.testing.assert_close(got, own)


def test_option_says_how_a_pipeline_normalised(tiny):
    """The remedy of the message above."""
    _, _, seen, own_inputs = outputs(
        tiny, NORMS['student'], SILENT, data_preprocessor=dict(IMAGENET)
    )
    expected = torch.stack(tiny.batch()['inputs']).float().flip(1)
    expected = expected - torch.tensor(IMAGENET['mean']).view(3, 1, 1)
    expected = expected / torch.tensor(IMAGENET['std']).view(3, 1, 1)
    torch.testing.assert_close(own_inputs, expected)
    torch.testing.assert_close(seen, expected, rtol=1e-5, atol=1e-4)
