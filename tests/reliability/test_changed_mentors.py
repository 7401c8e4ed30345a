# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A run that is resumed with another classroom says so, and asks."""

import re

import pytest
import torch

WIDTHS = dict(a=6, b=8, c=7)
ALLOWED = dict(type='mmrazor.MentorManifestHook', allow_other_mentors=True)
CASES = {
    'weights': (
        dict(names='ab'),
        r"mentor 'b' had other weights, from .*random weights' \(SHA-256 \w{12}…\)",
    ),
    'order': (
        dict(names='ba'),
        r"the order of the mentors was \['a', 'b'\], now it is \['b', 'a'\]",
    ),
    'one fewer': (dict(names='a'), r"mentor 'b' is not there now"),
    'one more': (dict(names='abc'), r"mentor 'c' was not there"),
    'input size': (
        dict(names='ab', b=dict(input_size=24)),
        r"mentor 'b' had another input \(size: null, now \[24, 24\]\)",
    ),
    'normalization': (
        dict(names='ab', b=dict(data_preprocessor=dict(to_rgb=False))),
        r"mentor 'b' had another input \(.*swap: false, now true",
    ),
    'class map': (
        dict(names='ab', b=dict(class_map=[1, 0, 2, 3])),
        r"mentor 'b' had another class or keypoint map \(classes: null, now \[1, 0, 2",
    ),
}


def classroom(tiny, names, **options):
    """Mentors who have the same weights under the same name."""
    mentors = {n: tiny.mentor(WIDTHS[n]) | options.get(n, {}) for n in names}
    model = tiny.build_classroom(mentors)
    for mentor in model.mentors:
        torch.manual_seed(WIDTHS[mentor.name])
        for value in mentor.network.state_dict().values():
            if value.is_floating_point():
                value.uniform_(0.1, 1)
    return model


@pytest.fixture(scope='module')
def checkpoint(tiny, tmp_path_factory):
    """The first epoch of a run with the mentors a and b."""
    folder = tmp_path_factory.mktemp('first')
    tiny.run(
        folder, classroom(tiny, 'ab'), 1, hooks=[dict(type='mmrazor.ClassroomHook')]
    )
    return folder / 'epoch_1.pth'


def resume(tiny, folder, checkpoint, model, *hooks):
    return tiny.run(
        folder,
        model,
        2,
        hooks=[dict(type='mmrazor.ClassroomHook'), *hooks],
        load_from=str(checkpoint),
        resume=True,
    )


def changed(tiny, case):
    options, message = CASES[case]
    model = classroom(tiny, **options)
    if case == 'weights':
        model.mentors['b'].network.head.fc.bias.data[0] += 1e-3
    return model, message


def test_the_same_classroom_is_resumed(tiny, tmp_path, checkpoint):
    assert resume(tiny, tmp_path, checkpoint, classroom(tiny, 'ab')).epoch == 2


@pytest.mark.parametrize('case', CASES)
def test_a_change_is_named_and_refused(tiny, tmp_path, checkpoint, case):
    model, message = changed(tiny, case)
    with pytest.raises(ValueError, match=message) as error:
        resume(tiny, tmp_path, checkpoint, model)
    for remedy in ('Restore it', 'another work dir', 'allow_other_mentors=True'):
        assert remedy in str(error.value)
    assert str(error.value).count(';') == 0  # nothing else has changed


@pytest.mark.parametrize('case', CASES)
def test_a_change_is_named_and_allowed(tiny, tmp_path, checkpoint, case, caplog):
    model, message = changed(tiny, case)
    runner = tiny.run(
        tmp_path,
        model,
        2,
        hooks=[dict(type='mmrazor.ClassroomHook'), ALLOWED],
        load_from=str(checkpoint),
        resume=True,
        train=False,
    )
    runner.logger.addHandler(caplog.handler)
    runner.train()
    assert runner.epoch == 2
    said = [r.message for r in caplog.records if 'another classroom' in r.message]
    assert said
    assert re.search(message, said[0])
    saved = torch.load(tmp_path / 'epoch_2.pth', weights_only=True)['meta']['mentors']
    assert list(saved) == list(model.mentors.names)


def test_all_changes_are_named_at_once(tiny, tmp_path, checkpoint):
    model = classroom(tiny, 'cb', b=dict(input_size=24, class_map=[1, 0, 2, 3]))
    with pytest.raises(ValueError, match=r"'a' is not.*'c' was.*input.*map") as error:
        resume(tiny, tmp_path, checkpoint, model)
    assert str(error.value).count(';') == 3


def test_a_checkpoint_of_an_earlier_version_has_less_to_compare(
    tiny, tmp_path, checkpoint
):
    content = torch.load(checkpoint, weights_only=True)
    for mentor in content['meta']['mentors'].values():
        del mentor['input'], mentor['output']
    torch.save(content, tmp_path / 'earlier.pth')
    model = classroom(tiny, 'ab', b=dict(input_size=24))
    assert resume(tiny, tmp_path, tmp_path / 'earlier.pth', model).epoch == 2


def test_names_in_the_data_set_make_a_map_too(tiny, tmp_path, checkpoint):
    """The map that MentorDatasetHook finds is compared as one in the config is."""
    model = classroom(tiny, 'ab')
    model.mentors['b'].network.dataset_meta = dict(classes=tuple('bacd'))
    with pytest.raises(ValueError, match=CASES['class map'][1]):
        resume(tiny, tmp_path, checkpoint, model)
