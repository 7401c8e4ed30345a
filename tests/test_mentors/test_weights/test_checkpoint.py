# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Promise 7 for checkpoints: loaded whole or refused, and never trusted with code."""

import pickle
import random

import pytest
import torch
from torch import nn


@pytest.fixture
def network(tiny):
    return tiny.stir(tiny.MODELS.build(dict(tiny.net(6), _scope_='mmpretrain')))


@pytest.fixture(scope='module')
def load(tiny):
    from classroomkd_mm.mentors.weights.fitting import load_weights
    from classroomkd_mm.mentors.weights.reading import read_checkpoint
    from classroomkd_mm.mentors.weights.search import find_weights

    def load(network, path):
        path = str(path)
        found = find_weights(read_checkpoint(path, 'ann'), network, 'ann', path)
        load_weights(network, found.weights, 'ann', path)

    return load


def blank(network):
    """Set all weights to something else, to see which ones are loaded."""
    for tensor in (*network.parameters(), *network.buffers()):
        tensor.data.fill_(7)
    return network


def saved(path, content):
    torch.save(content, path)
    return path


@pytest.mark.parametrize('key', [None, 'state_dict', 'model', 'net'])
@pytest.mark.parametrize('prefix', ['', 'module.', 'architecture.', 'both'])
def test_usual_formats(network, load, tmp_path, key, prefix):
    prefix = 'module.architecture.' if prefix == 'both' else prefix
    weights = {k: v.clone() for k, v in network.state_dict().items()}
    content = {prefix + k: v for k, v in weights.items()}
    if key is not None:
        content = {key: content, 'epoch': 240, 'best_acc': 0.7}
    load(blank(network), saved(tmp_path / 'x.pth', content))
    for name, value in network.state_dict().items():
        assert torch.equal(value, weights[name]), name


def test_checkpoint_of_mmrazors_distillation(network, load, tmp_path):
    """It holds the teacher as well; the mentor is its student."""
    weights = {k: v.clone() for k, v in network.state_dict().items()}
    content = {f'architecture.{k}': v for k, v in weights.items()}
    content |= {f'teacher.{k}': v + 1 for k, v in weights.items()}
    load(blank(network), saved(tmp_path / 'x.pth', dict(state_dict=content)))
    for name, value in network.state_dict().items():
        assert torch.equal(value, weights[name]), name


def test_a_network_may_have_a_part_that_is_called_module(load, tmp_path):
    network = nn.ModuleDict(dict(module=nn.Linear(2, 2), other=nn.Linear(2, 2)))
    weights = {k: v.clone() for k, v in network.state_dict().items()}
    load(blank(network), saved(tmp_path / 'x.pth', network.state_dict() | weights))
    for name, value in network.state_dict().items():
        assert torch.equal(value, weights[name]), name


def test_half_precision_weights(network, load, tmp_path):
    weights = network.state_dict()
    half = {k: v.half() if v.is_floating_point() else v for k, v in weights.items()}
    load(network, saved(tmp_path / 'x.pth', dict(model=half)))
    for name, value in network.state_dict().items():
        assert value.dtype == weights[name].dtype
        torch.testing.assert_close(value, half[name].to(value.dtype))


def test_old_files_without_batch_counters(network, load, tmp_path):
    weights = {k: v for k, v in network.state_dict().items() if 'num_b' not in k}
    changed = {name: value + 1 for name, value in weights.items()}
    load(network, saved(tmp_path / 'x.pth', changed))
    for name, value in changed.items():
        torch.testing.assert_close(network.state_dict()[name], value)


def test_missing_file(network, load, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"'ann'.*nope\.pth.*does not exist"):
        load(network, tmp_path / 'nope.pth')
    with pytest.raises(FileNotFoundError, match="'ann'"):
        load(network, tmp_path)


def test_truncated_file(network, load, tmp_path):
    whole = saved(tmp_path / 'x.pth', network.state_dict()).read_bytes()
    for part in (0, 1, 10, 100, len(whole) // 2, len(whole) - 100, len(whole) - 1):
        path = tmp_path / f'{part}.pth'
        path.write_bytes(whole[:part])
        with pytest.raises(ValueError, match=r"'ann'.*Get the file again"):
            load(network, path)


def test_truncated_file_in_the_old_format(network, load, tmp_path):
    path = tmp_path / 'x.pth'
    torch.save(network.state_dict(), path, _use_new_zipfile_serialization=False)
    load(network, path)
    whole = path.read_bytes()
    for part in (1, 10, 100, len(whole) // 2, len(whole) - 100):
        path.write_bytes(whole[:part])
        with pytest.raises(ValueError, match=r"'ann'.*Get the file again"):
            load(network, path)


def test_files_of_another_kind(network, load, tmp_path):
    random_bytes = random.Random(0)
    contents = [
        b'<!DOCTYPE html><html><body>404 Not Found</body></html>',
        b'version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n',
        b'\x89PNG\r\n\x1a\n' + bytes(100),
        b'PK\x03\x04' + bytes(100),
        b'\x80\x02' + bytes(100),
        *(random_bytes.randbytes(length) for length in range(1, 200)),
    ]
    for content in contents:
        path = tmp_path / 'x.pth'
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"'ann'.*Get the file again"):
            load(network, path)


@pytest.mark.parametrize(
    'content',
    [{}, [], 3, dict(epoch=3), dict(state_dict={}), dict(model=dict(a=1))],
    ids=str,
)
def test_files_without_weights(network, load, tmp_path, content):
    with pytest.raises(ValueError, match=r"'ann'.*contains no weights.*state_dict"):
        load(network, saved(tmp_path / 'x.pth', content))


class Exploit:
    """A pickle of it would call a function when it is loaded."""

    called = False

    def __reduce__(self):
        return fire, ()


def fire():
    Exploit.called = True
    return {}


@pytest.mark.parametrize('writer', ['torch', 'pickle'])
def test_code_in_a_checkpoint_is_refused_and_not_run(network, load, tmp_path, writer):
    content, path = dict(state_dict=network.state_dict(), x=Exploit()), tmp_path / 'x'
    if writer == 'torch':
        torch.save(content, path)
    else:
        path.write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match=r"'ann'.*run code.*state_dict"):
        load(network, path)
    assert not Exploit.called


def test_whole_model_is_refused(network, load, tmp_path):
    with pytest.raises(ValueError, match=r"'ann'.*run code.*state_dict"):
        load(network, saved(tmp_path / 'x.pth', nn.Linear(2, 2)))


def misfit(network, load, path, content, message):
    """The error says what does not fit, and nothing has been loaded."""
    before = {k: v.clone() for k, v in network.state_dict().items()}
    with pytest.raises(ValueError, match=message) as caught:
        load(network, saved(path, content))
    assert "Mentor 'ann'" in str(caught.value)
    assert str(path) in str(caught.value)
    assert 'TinyBackbone' in str(caught.value)
    assert 'Give the checkpoint of this network' in str(caught.value)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])


def test_no_key_fits(network, load, tmp_path):
    weights = nn.Sequential(nn.Linear(3, 3)).state_dict()
    misfit(
        network,
        load,
        tmp_path / 'x.pth',
        weights,
        r'(?s)matches none of its 8 .*Missing: backbone.*Unknown.*: 0\.weight',
    )


def test_only_some_keys_fit(network, load, tmp_path):
    weights = network.state_dict()
    del weights['head.fc.bias']
    message = r'matches 7 of its 8 .*\nMissing: head.fc.bias'
    misfit(network, load, tmp_path / 'x.pth', weights, message)


def test_a_backbone_without_head(network, load, tmp_path):
    weights = {k: v for k, v in network.state_dict().items() if 'head' not in k}
    misfit(network, load, tmp_path / 'x.pth', weights, r'Missing: head\.fc')


def test_other_shapes(tiny, network, load, tmp_path):
    other = tiny.MODELS.build(dict(tiny.net(8), _scope_='mmpretrain')).state_dict()
    misfit(
        network,
        load,
        tmp_path / 'x.pth',
        other,
        r'(?s)Of another shape: backbone\.conv\.weight \(8, 3.*instead of \(6, 3.*more',
    )


def test_other_number_of_classes(tiny, network, load, tmp_path):
    other = dict(tiny.net(6, num_classes=10), _scope_='mmpretrain')
    misfit(
        network,
        load,
        tmp_path / 'x.pth',
        tiny.MODELS.build(other).state_dict(),
        r'head\.fc\.weight \(10, 6\) instead of \(4, 6\)',
    )


def test_weights_of_a_deeper_network_of_the_family(load, tmp_path):
    """A CIFAR ResNet has all names and shapes of the shallower ones, and more."""

    def stack(depth):
        layers = nn.Sequential(*(nn.Linear(3, 3) for _ in range(depth)))
        return nn.ModuleDict(dict(backbone=layers))

    deep, shallow = stack(5), stack(3)
    path = saved(tmp_path / 'x.pth', deep.state_dict())
    with pytest.raises(ValueError, match=r"(?s)'ann'.*Unknown.*: backbone\.3\.weight"):
        load(shallow, path)
