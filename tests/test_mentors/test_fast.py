# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Promise 9: mentors are made faster, and what they give hardly moves."""

import copy

import pytest
import torch
from torch import nn

from classroomkd_mm.mentors import fast as module
from classroomkd_mm.mentors.fast import TOLERANCE, Speed, speed_up
from classroomkd_mm.networks import run_network

FOLD = Speed(fast=True)


def stirred(network):
    """Give norms statistics and weights that matter."""
    for norm in network.modules():
        if isinstance(norm, nn.modules.batchnorm._BatchNorm):
            norm.running_mean.normal_(0, 0.3)
            norm.running_var.uniform_(0.5, 2)
            if norm.affine:
                norm.weight.data.uniform_(0.5, 1.5)
                norm.bias.data.normal_(0, 0.3)
    return network.eval()


def norms(network):
    kind = nn.modules.batchnorm._BatchNorm
    return sum(isinstance(each, kind) for each in network.modules())


class Classifier(nn.Module):
    """Features, pooled, and a layer for four classes."""

    def __init__(self, *features, channels=8):
        super().__init__()
        self.features = nn.Sequential(*features)
        self.fc = nn.Linear(channels, 4)

    def forward(self, x):
        return self.fc(self.features(x).mean((2, 3)))


class PreActivation(nn.Module):
    """A residual block whose norms precede their convolutions."""

    def __init__(self):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8)
        self.conv2, self.norm2 = nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8)

    def forward(self, x):
        y = self.conv1(self.norm1(x).relu())
        return x + self.conv2(self.norm2(y).relu())


class Twice(nn.Module):
    """A convolution that two norms follow."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 1)
        self.norm1, self.norm2 = nn.BatchNorm2d(8), nn.BatchNorm2d(8)

    def forward(self, x):
        return self.norm1(self.conv(x)) + self.norm2(self.conv(x + 1))


def conv(**options):
    return nn.Conv2d(3, 8, 3, **options)


@pytest.mark.parametrize(
    ('features', 'left'),
    [
        pytest.param([conv(), nn.BatchNorm2d(8), nn.ReLU()], 0, id='plain'),
        pytest.param([conv(bias=False), nn.BatchNorm2d(8, affine=False)], 0, id='bare'),
        pytest.param(
            [conv(), nn.ConvTranspose2d(8, 8, 4, bias=False), nn.BatchNorm2d(8)],
            0,
            id='deconvolution',
        ),
        pytest.param(
            [
                conv(),
                nn.ConvTranspose2d(8, 8, 4, groups=2),
                nn.BatchNorm2d(8),
                nn.Conv2d(8, 8, 1),
                nn.BatchNorm2d(8),
            ],
            1,
            id='grouped deconvolution',
        ),
        pytest.param([conv(), nn.SyncBatchNorm(8)], 0, id='synchronised'),
        # The norm after the stem is of the block, and the stem's output passes it by.
        pytest.param([conv(), PreActivation()], 1, id='pre-activation'),
        pytest.param([conv(), nn.BatchNorm2d(8), Twice()], 2, id='shared'),
        pytest.param(
            [
                conv(),
                nn.ReLU(inplace=True),
                nn.BatchNorm2d(8),
                nn.Conv2d(8, 8, 1),
                nn.BatchNorm2d(8),
            ],
            1,
            id='in-place activation between',
        ),
    ],
)
def test_norms_are_folded_where_they_follow_a_convolution_alone(features, left):
    network = stirred(Classifier(*features))
    weights = copy.deepcopy(network.state_dict())
    fast = speed_up('ann', network, FOLD)
    assert fast is not network
    assert norms(fast) == left
    images = torch.randn(3, 3, 20, 28)
    with torch.no_grad():
        before, after = network(images), fast(images)
    assert (after - before).abs().max() <= TOLERANCE * before.abs().max()
    weight = fast.state_dict()['features.0.weight']
    assert weight.is_contiguous(memory_format=torch.channels_last)
    # The network that was given is the user's.
    assert list(network.state_dict()) == list(weights)
    assert all(torch.equal(network.state_dict()[k], v) for k, v in weights.items())


@pytest.mark.parametrize(
    'network',
    [
        nn.Sequential(nn.Flatten(), nn.Linear(12, 4)),
        Classifier(conv(), nn.GroupNorm(2, 8)),
        Classifier(nn.BatchNorm2d(3), conv()),
    ],
    ids=['no convolution', 'no batch norm', 'norm before convolution'],
)
def test_networks_with_nothing_to_fold_stay(network, said):
    assert speed_up('ann', stirred(network), FOLD) is network
    assert said == []


class ReadsItsNorm(Classifier):
    """Does what folding cannot know of: it also uses the weights of its norm."""

    def forward(self, x):
        return super().forward(x) * getattr(self.features[1], 'eps', 1.0)


class OwnConvolution(nn.Conv2d):
    """Standardises its weights when it runs."""

    def forward(self, x):
        return self._conv_forward(x, self.weight - self.weight.mean(), self.bias)


@pytest.fixture
def said(monkeypatch):
    """What is logged."""
    lines = []
    monkeypatch.setattr(module, 'print_log', lambda line, **options: lines.append(line))
    return lines


@pytest.mark.parametrize(
    ('network', 'reason'),
    [
        (ReadsItsNorm(conv(), nn.BatchNorm2d(8)), 'its output would change by'),
        (Classifier(OwnConvolution(3, 8, 3), nn.BatchNorm2d(8)), 'would change by'),
        # Takes images of none of the sizes.
        (Classifier(nn.Conv2d(3, 8, 300), nn.BatchNorm2d(8)), 'Kernel size'),
    ],
    ids=['norm used twice', 'convolution of its own', 'probe fails'],
)
def test_a_network_that_fails_the_check_stays(network, reason, said):
    assert speed_up('ann', stirred(network), FOLD) is network
    assert norms(network) == 1
    (line,) = said
    assert "Mentor 'ann' is not made faster" in line
    assert reason in line
    assert 'fast=False' in line


def test_global_random_numbers_are_left_alone():
    network = stirred(Classifier(conv(), nn.BatchNorm2d(8)))
    state = torch.random.get_rng_state()
    speed_up('ann', network, FOLD)
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.fixture(scope='module')
def build(tiny):
    from classroomkd_mm.mentors import build_mentors

    student = tiny.MODELS.build(dict(tiny.net(), _scope_='mmpretrain'))

    def build(mentors, **options):
        torch.manual_seed(0)
        return build_mentors(mentors, student, **options)

    return build


@pytest.fixture
def weights(tiny, tmp_path):
    network = tiny.MODELS.build(dict(tiny.net(6), _scope_='mmpretrain'))
    path = tmp_path / 'six.pth'
    torch.save(stirred(network).state_dict(), path)
    return str(path)


def test_a_mentor_is_fast_where_it_says_so(tiny, build, weights):
    entry = dict(model=tiny.net(6), ckpt=weights)
    mentors = build(dict(fast=entry, exact=dict(entry, fast=False)))
    assert norms(mentors['fast'].running) == 0
    assert mentors['exact'].running is mentors['exact'].network
    assert norms(mentors['exact'].network) == 1
    kept = mentors['fast'].network.state_dict()
    for key, value in torch.load(weights, weights_only=True).items():
        assert torch.equal(kept[key], value), key
    images = torch.randn(5, 3, 12, 12)
    fast, exact = mentors(images)
    with torch.no_grad():
        alone = run_network(mentors['exact'].network, images)
    assert torch.equal(exact, alone)
    assert 0 < (fast - exact).abs().max() <= TOLERANCE * exact.abs().max()
    assert mentors['fast'].fingerprint() == mentors['exact'].fingerprint()
    assert not any(p.requires_grad for p in mentors['fast'].parameters())


def test_all_mentors_at_once(tiny, build, weights):
    entry = dict(model=tiny.net(6), ckpt=weights)
    built = stirred(Classifier(conv(), nn.BatchNorm2d(8)))
    mentors = dict(entry=entry, no=dict(entry, fast=False), built=built)
    as_they_are = build(mentors, fast=False)
    assert [norms(mentor.running) for mentor in as_they_are] == [1, 1, 1]
    fast = build(mentors)
    assert [norms(mentor.running) for mentor in fast] == [0, 1, 0]
    assert fast['built'].network is built
    assert norms(built) == 1


def test_a_classroom_with_fast_mentors_and_recorders(tiny, weights):
    """Layers that are recorded are those of the network."""
    fold = dict(model=tiny.net(6), ckpt=weights)
    options = dict(
        distiller=dict(
            type='ClassroomDistiller',
            mentor_recorders=dict(
                recorded=dict(norm=dict(type='ModuleOutputs', source='backbone.norm'))
            ),
        )
    )
    model = tiny.build_classroom(
        dict(recorded=fold, other=fold), fast_mentors=True, **options
    )
    assert norms(model.mentors['recorded'].running) == 1
    assert norms(model.mentors['other'].running) == 0
    inputs, samples = tiny.prepared(model, tiny.batch())
    with model.distiller.teacher_recorders:
        model.mentors(inputs)
        recorder = model.distiller.teacher_recorders.get_recorder('recorded.norm')
        assert recorder.get_record_data().shape[1] == 6


def test_losses_of_a_classroom_hardly_move(tiny, weights):
    fold = dict(model=tiny.net(6), ckpt=weights)
    losses = []
    for fast in (True, False):
        torch.manual_seed(0)
        model = tiny.MODELS.build(
            tiny.classroom_config(dict(a=fold), fast_mentors=fast)
        )
        inputs, samples = tiny.prepared(model, tiny.batch())
        losses.append(model(inputs, samples, mode='loss'))
    for name, loss in losses[0].items():
        torch.testing.assert_close(loss, losses[1][name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize('fast', [True, False])
def test_another_dtype(tiny, build, weights, fast):
    entry = dict(model=tiny.net(6), ckpt=weights, fast=fast)
    mentors = build(dict(low=dict(entry, dtype='bfloat16'), full=entry))
    low, full = mentors(torch.randn(5, 3, 12, 12))
    assert low.dtype == torch.float32
    assert 0 < (low - full).abs().max() < 0.05 * full.abs().max()
    types = {p.dtype for p in mentors['low'].running.parameters()}
    assert types == {torch.bfloat16}
    assert mentors['low'].fingerprint() == mentors['full'].fingerprint()


def test_the_original_stays_where_it_was_loaded(tiny, build, weights):
    """Only what runs moves to the device, so the weights are there once."""
    entry = dict(model=tiny.net(6), ckpt=weights)
    mentors = build(dict(fast=entry, exact=dict(entry, fast=False)))
    manifest = mentors.manifest()
    mentors.apply_to_tensors(lambda x: x.to('meta'))
    assert {p.device.type for p in mentors['fast'].running.parameters()} == {'meta'}
    assert {p.device.type for p in mentors['fast'].network.parameters()} == {'cpu'}
    assert mentors['fast'].fingerprint() == manifest['fast']['sha256']
    assert mentors['exact'].network.head.fc.weight.is_meta


# Offloading ------------------------------------------------------------------


@pytest.mark.parametrize('fast', [True, False])
def test_an_offloaded_mentor_gives_the_same(tiny, build, weights, fast):
    entry = dict(model=tiny.net(6), ckpt=weights, fast=fast)
    mentors = build(dict(away=dict(entry, offload='cpu'), here=entry))
    away, here = mentors(torch.randn(5, 3, 12, 12))
    assert torch.equal(away, here)
    assert mentors['away'].fingerprint() == mentors['here'].fingerprint()


def test_an_offloaded_mentor_visits_the_device_of_its_images(tiny, build, weights):
    entry = dict(model=tiny.net(6), ckpt=weights)
    mentors = build(dict(away=dict(entry, offload='cpu', dtype='bfloat16'), here=entry))
    mentors.apply_to_tensors(lambda x: x.to('meta'))
    assert {p.device.type for p in mentors['away'].running.parameters()} == {'cpu'}
    away, here = mentors(torch.randn(5, 3, 12, 12, device='meta'))
    assert away.is_meta
    assert away.shape == here.shape
    assert {p.device.type for p in mentors['away'].running.parameters()} == {'cpu'}


def test_an_offloaded_mentor_names_the_size_that_it_needs(tiny, build):
    tokens = dict(tiny.mentor(), offload='cpu', input_size=1)
    with pytest.raises(ValueError, match=r"'ann' cannot take images of 1 x 1"):
        build(dict(ann=tokens))(torch.randn(5, 3, 12, 12))


@pytest.mark.slow
def test_a_compiled_mentor(tiny, build, weights):
    entry = dict(model=tiny.net(6), ckpt=weights)
    mentors = build(dict(compiled=dict(entry, compile=True), plain=entry))
    compiled, plain = mentors(torch.randn(5, 3, 12, 12))
    torch.testing.assert_close(compiled, plain)
    assert mentors['compiled'].running._compiled_call_impl is not None


@pytest.mark.parametrize(
    ('options', 'error', 'message'),
    [
        (dict(fast='no'), TypeError, r"'ann': fast must be True or False.*'no'"),
        (dict(compile=1), TypeError, r"'ann': compile must be True or False.*1"),
        (dict(dtype='int8'), ValueError, r"'ann': dtype.*bfloat16, float16.*'int8'"),
        (dict(fats=False), TypeError, r"Did you mean 'fast'"),
        (dict(offload='disk'), ValueError, r"'ann': offload must be 'cpu'.*'disk'"),
        (dict(offload='cpu', compile=True), ValueError, r"'ann'.*compiled.*offload"),
    ],
    ids=str,
)
def test_bad_options(tiny, build, options, error, message):
    with pytest.raises(error, match=message):
        build(dict(ann=dict(tiny.mentor(), **(dict(fast=True) | options))))


@pytest.mark.parametrize('options', [dict(compile=True), dict(dtype='bfloat16')])
def test_recorded_layers_must_be_those_that_run(tiny, build, options):
    reason = f"'ann': .*{next(iter(options))}=.*mentor_recorders"
    with pytest.raises(ValueError, match=reason):
        build(dict(ann=dict(tiny.mentor(), **options)), recorded=['ann'])


def test_mentors_with_the_same_input_share_it(tiny, build, monkeypatch):
    from classroomkd_mm.tasks.inputs import InputAdapter

    norm = dict(mean=[1.0, 2.0, 3.0], std=[4.0, 5.0, 6.0], to_rgb=False)
    entries = dict(
        a=tiny.mentor(norm=norm),
        b=tiny.mentor(),
        c=tiny.mentor(5, norm=norm),
        d=dict(tiny.mentor(norm=norm), input_size=16),
    )
    mentors = build(entries)
    images = torch.randn(5, 3, 12, 12)
    alone = [mentor(images) for mentor in mentors]
    calls = []
    forward = InputAdapter.forward
    monkeypatch.setattr(
        InputAdapter, 'forward', lambda self, *x: calls.append(1) or forward(self, *x)
    )
    together = mentors(images)
    assert len(calls) == 3
    for one, two in zip(alone, together, strict=True):
        assert torch.equal(one, two)


def test_an_adapter_of_another_kind_is_not_shared():
    from classroomkd_mm.tasks.inputs import InputAdapter

    class Own(InputAdapter):
        pass

    assert InputAdapter(None, None).key() == InputAdapter(None, None).key()
    assert InputAdapter(None, None).key() != InputAdapter(None, None, (8, 8)).key()
    own = Own(None, None), Own(None, None)
    assert own[0].key() != own[1].key()
