# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The weights of a mentor are found in a file by their names, wherever they are."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.model import ExponentialMovingAverage
from torch import nn
from torch.optim.swa_utils import AveragedModel

from classroomkd_mm.mentors.weights.fitting import load_weights
from classroomkd_mm.mentors.weights.search import find_published, find_weights

RESNET8 = Path(__file__).parents[2] / 'data/cifar_checkpoints/resnet8.pth'


def make_network(depth=1):
    """A network of parts, with a norm; deeper ones have the same names, and more."""
    blocks = [nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)) for _ in range(depth)]
    network = nn.ModuleDict(dict(backbone=nn.Sequential(*blocks), head=nn.Linear(3, 2)))
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.normal_()
    return network


@pytest.fixture
def network():
    return make_network()


@pytest.fixture
def weights(network):
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def plus_one(weights):
    return {name: tensor + 1 for name, tensor in weights.items()}


def prefixed(prefix, weights):
    return {prefix + name: tensor for name, tensor in weights.items()}


def find(checkpoint, network, ckpt_key=None):
    return find_weights(checkpoint, network, 'ann', 'x.pth', ckpt_key)


def assert_equal(found, weights):
    assert {name: t.tolist() for name, t in found.weights.items()} == {
        name: t.tolist() for name, t in weights.items()
    }


# Files of one fit

LEVELS = st.sampled_from(
    ['state_dict', 'model', 'model_ema', 'state_dict_ema', 'net', 'a.b', 0, 1]
)
PREFIXES = st.sampled_from(
    ['module', '_orig_mod', 'model', 'student', 'ema_model', 'architecture', 'my_net']
)


@settings(deadline=None, max_examples=60)
@given(
    levels=st.lists(LEVELS, max_size=4),
    prefixes=st.lists(PREFIXES, max_size=3),
    as_list=st.booleans(),
)
def test_any_nesting_and_any_prefix(levels, prefixes, as_list):
    network = make_network()
    weights = network.state_dict()
    content = prefixed(''.join(f'{prefix}.' for prefix in prefixes), weights)
    content['steps'] = torch.tensor(3)
    for level in reversed(levels):
        optimizer = dict(state={0: dict(exp_avg=torch.zeros(3))}, param_groups=[{}])
        content = {level: content, 'epoch': 3, 'optimizer': optimizer}
    if as_list:
        content = [dict(epoch=3), content]
    found = find(content, network)
    for name, tensor in weights.items():
        assert torch.equal(found.weights[name], tensor)
    # What is said to be the key leads there.
    assert find(content, network, found.key).key == found.key


@pytest.mark.parametrize(
    ('wrap', 'key'),
    [
        (lambda n: AveragedModel(n).state_dict(), 'module'),
        (lambda n: ExponentialMovingAverage(n).state_dict(), 'module'),
        (lambda n: {'callbacks': {}, 'state_dict': prefixed('model.', n.state_dict())},
         'state_dict.model'),
        (lambda n: {'epoch': 1, 'state_dict_ema': n.state_dict()}, 'state_dict_ema'),
        (lambda n: torch.compile(n).state_dict(), '_orig_mod'),
        (lambda n: {name: part.state_dict() for name, part in n.items()}, ''),
    ],
    ids=['AveragedModel', 'MMEngine EMA', 'Lightning', 'timm', 'compile', 'by part'],
)  # fmt: skip
def test_wrappers_as_they_are(network, weights, wrap, key):
    found = find(wrap(network), network)
    assert found.key == key
    for name, tensor in weights.items():
        assert torch.equal(found.weights[name], tensor)


def test_wrappers_of_parts(network, weights):
    """A backbone may have been compiled, or parallel, by itself."""
    content = {
        name.replace('backbone.', 'backbone._orig_mod.module.'): tensor
        for name, tensor in weights.items()
    }
    assert_equal(find(dict(ema=content), network, 'ema'), weights)


def test_counters_of_norms_may_be_absent(network, weights):
    del weights['backbone.0.1.num_batches_tracked']
    assert_equal(find(dict(model=weights), network), weights)


def test_names_of_old_versions(network, weights):
    """MMPose's heads rename what they were called before 1.0 when they load it."""

    def rename(state_dict, prefix, *_):
        for name in [n for n in state_dict if n.startswith('keypoint_head.')]:
            state_dict[name.replace('keypoint_head', 'head')] = state_dict.pop(name)

    network._register_load_state_dict_pre_hook(rename)
    old = {k.replace('head.', 'keypoint_head.'): v for k, v in weights.items()}
    found = find(dict(ema_state_dict=prefixed('module.', old)), network)
    assert found.key == 'ema_state_dict.module'
    load_weights(network, found.weights, 'ann', 'x.pth')
    with pytest.raises(ValueError, match="ckpt_key='model', ckpt_key='ema'"):
        find(dict(model=old, ema=plus_one(old)), network)


def test_a_deeper_network_beside_does_not_confuse(network, weights):
    other = make_network(depth=3).state_dict()
    content = dict(teacher=other, student=weights)
    assert find(content, network).key == 'student'


# Files of several fits


@pytest.mark.parametrize(
    ('content', 'keys'),
    [
        (lambda w, v: dict(model=w, model_ema=v), ['model', 'model_ema']),
        (lambda w, v: dict(state_dict=w, state_dict_ema=prefixed('module.', v)),
         ['state_dict', 'state_dict_ema.module']),
        (lambda w, v: {'state_dict': prefixed('student.', w) | prefixed('teacher.', v)},
         ['state_dict.student', 'state_dict.teacher']),
        (lambda w, v: [w, v], ['0', '1']),
        (lambda w, v: w | dict(ema=v), ['', 'ema']),
    ],
)  # fmt: skip
def test_several_fits_are_a_question_that_ckpt_key_answers(
    network, weights, content, keys
):
    values = weights, plus_one(weights)
    content = content(*values)
    choices = ', '.join(f'ckpt_key={key!r}' for key in keys)
    with pytest.raises(ValueError) as caught:
        find(content, network)
    assert "Mentor 'ann': the checkpoint 'x.pth' contains 2 different sets" in str(
        caught.value
    )
    assert f'Give one of: {choices}.' in str(caught.value)
    for key, value in zip(keys, values, strict=True):
        found = find(content, network, key)
        assert found.key == key
        for name, tensor in value.items():
            assert torch.equal(found.weights[name], tensor)


def test_a_format_within_another(network, weights):
    content = dict(ema_state_dict=dict(state_dict=weights))
    assert find(content, network).key == 'ema_state_dict.state_dict'


def test_equal_weights_are_no_question(network, weights):
    assert_equal(find(weights | dict(copy=weights, x=weights), network), weights)
    copies = {name: tensor.clone() for name, tensor in weights.items()}
    copies['backbone.0.1.num_batches_tracked'] += 5
    assert_equal(find(dict(model=weights, model_ema=copies), network), weights)


def test_a_key_may_leave_out_the_prefix(network, weights):
    content = dict(model=weights, ema=prefixed('module.', plus_one(weights)))
    for key in ('ema', 'ema.module', 'ema.module.'):
        assert find(content, network, key).key == 'ema.module'


def test_formats_that_say_which_weights_are_meant(network, weights):
    other = plus_one(weights)
    ema = dict(state_dict=weights, ema_state_dict=prefixed('module.', other), meta={})
    assert_equal(find(ema, network), weights)
    assert_equal(find(ema, network, 'ema_state_dict'), other)
    razor = prefixed('architecture.', weights) | prefixed('teacher.', other)
    assert_equal(find(dict(state_dict=razor), network), weights)
    assert_equal(find(dict(state_dict=razor), network, 'state_dict.teacher'), other)


# Files without a fit


def test_a_key_that_is_not_there(network, weights):
    with pytest.raises(ValueError, match=r"nothing under ckpt_key='ema'.*key='model'"):
        find(dict(model=weights, epoch=3), network, 'ema')
    del weights['head.bias']
    with pytest.raises(ValueError, match=r"nothing under ckpt_key='ema'.*key='net'"):
        find(dict(net=weights), network, 'ema')


def test_a_missing_weight_is_an_error_whatever_the_nesting(network, weights):
    del weights['head.bias']
    content = dict(a=[dict(ema=prefixed('module.', weights))], b=torch.zeros(3))
    found = find(content, network)
    assert found.key == 'a.0.ema.module'
    with pytest.raises(ValueError, match=r'matches 7 of its 8 .*\nMissing: head.b'):
        load_weights(network, found.weights, 'ann', 'x.pth')


def test_a_key_is_not_left_for_a_better_fit(network, weights):
    part = {name: tensor for name, tensor in weights.items() if 'head' not in name}
    assert find(dict(ema=part, model=weights), network, 'ema').key == 'ema'


def test_foreign_weights_are_shown(network):
    found = find(dict(net=dict(x=torch.zeros(3))), network)
    with pytest.raises(ValueError, match=r'Unknown to the network: net\.x'):
        load_weights(network, found.weights, 'ann', 'x.pth')


# Published CIFAR networks


def test_published_networks_are_found_by_their_own_names(network):
    published = torch.load(RESNET8, weights_only=True)['model']
    wrapped = dict(best=[dict(model=prefixed('module.', published))], epoch=240)
    assert find(wrapped, network).weights.keys() == published.keys()
    assert find_published(wrapped, 'ann', 'x.pth').key == 'best.0.model.module'
    two = dict(model=published, ema=plus_one(published))
    with pytest.raises(ValueError, match="ckpt_key='model', ckpt_key='ema'"):
        find(two, network)
