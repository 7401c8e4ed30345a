# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""CRDLoss in a classroom, with the images that the hook gives it."""

import copy

import pytest
import torch
from torch.utils.data import DataLoader

SIZE, NEGATIVE = 20, 6


def crd_classroom(tiny, **options):
    fit = dict(type='CRDConnector', dim_in=tiny.NUM_CLASSES, dim_out=8)
    logits = dict(recorder='logits', connector='fit')
    samples = dict(recorder='samples', from_student=True, data_idx=1)
    loss = dict(type='CRDLoss', neg_num=NEGATIVE, sample_n=SIZE, dim_out=8)
    return tiny.build_classroom(
        distiller=dict(
            output=('logits',),
            student_recorders=dict(
                logits=dict(type='ModuleOutputs', source='head'),
                samples=dict(type='ModuleInputs', source=''),
            ),
            connectors=dict(fit=fit),
            distill_losses=dict(loss_crd=loss | options),
            loss_forward_mappings=dict(
                loss_crd=dict(
                    s_feats=dict(logits, from_student=True),
                    t_feats=dict(logits, from_student=False, mentor='a'),
                    data_samples=samples,
                )
            ),
        )
    )


def train(tiny, tmp_path, model, epochs=1, numbered=True, **options):
    """Epochs of four iterations."""

    class Numbered(tiny.TinyData):
        def get_data_info(self, index):
            return dict(gt_label=int(self.labels[index]))

        def __getitem__(self, index):
            packed = super().__getitem__(index)
            if numbered:
                packed['data_samples'].set_metainfo(dict(sample_idx=index))
            return packed

    from mmengine.dataset import DefaultSampler, pseudo_collate

    data = Numbered(SIZE)
    sampler = DefaultSampler(data, seed=0)
    loader = DataLoader(data, 5, sampler=sampler, collate_fn=pseudo_collate)
    hooks = [dict(type='mmrazor.ContrastHook'), dict(type='mmrazor.ClassroomHook')]
    tiny.run(
        tmp_path,
        model,
        epochs=epochs,
        hooks=hooks,
        loader=loader,
        randomness=dict(seed=3),
        **options,
    )
    return data


def watched(tiny, tmp_path, epochs=1):
    """The calls of CRDLoss in a training: state before, arguments, value."""
    model, calls = crd_classroom(tiny), []
    loss = model.distiller.distill_losses['loss_crd']

    class Watched(type(loss)):
        def forward(self, s_feats, t_feats, data_samples):
            before = copy.deepcopy(self.state_dict())
            value = super().forward(s_feats, t_feats, data_samples)
            inputs = (s_feats.detach(), t_feats.detach(), data_samples)
            calls.append((before, inputs, value.detach()))
            return value

    loss.__class__ = Watched
    return train(tiny, tmp_path, model, epochs), calls


def test_it_is_the_loss_of_mmrazor_with_images_of_other_classes(tiny, tmp_path):
    from mmrazor.models.losses import CRDLoss

    data, calls = watched(tiny, tmp_path)
    assert len(calls) == 4
    seen = []
    for before, (ours, theirs, samples), value in calls:
        drawn = torch.stack([sample.contrast_sample_idxs for sample in samples])
        assert drawn.shape == (5, 1 + NEGATIVE)
        seen += drawn[:, 0].tolist()
        labels = data.labels[drawn]
        assert (labels[:, 1:] != labels[:, :1]).all()
        assert labels[:, 0].tolist() == [s.gt_label.item() for s in samples]
        # Once more, with a loss of MMRazor's own.
        loss = CRDLoss(neg_num=NEGATIVE, sample_n=SIZE, dim_out=8)
        loss.load_state_dict(before)
        assert torch.equal(loss(ours, theirs, samples), value)
    assert sorted(seen) == list(range(SIZE))


def test_what_is_drawn_depends_on_seed_and_iteration(tiny, tmp_path):
    first, again = (
        torch.stack([s.contrast_sample_idxs for call in calls for s in call[1][2]])
        for calls in (watched(tiny, tmp_path / name, 2)[1] for name in 'ab')
    )
    assert torch.equal(first, again)
    epochs = [epoch[epoch[:, 0].argsort()] for epoch in first.split(SIZE)]
    assert torch.equal(epochs[0][:, 0], epochs[1][:, 0])
    assert not torch.equal(*epochs)


def test_a_resumed_run_goes_on_with_the_same_images_and_memory(tiny, tmp_path):
    train(tiny, tmp_path / 'whole', whole := crd_classroom(tiny), epochs=2)
    train(tiny, tmp_path / 'part', crd_classroom(tiny))
    resumed = crd_classroom(tiny)
    train(tiny, tmp_path / 'part', resumed, epochs=2, resume=True)
    state = resumed.state_dict()
    assert 'distiller.distill_losses.loss_crd.contrast.memory_v1' in state
    for key, value in whole.state_dict().items():
        assert torch.equal(state[key], value), key


def test_what_does_not_fit_is_refused(tiny, tmp_path):
    model = crd_classroom(tiny, sample_n=50)
    with pytest.raises(ValueError, match='sample_n=50.*20 images.*sample_n=20'):
        train(tiny, tmp_path, model)
    with pytest.raises(ValueError, match='distill_losses has 0'):
        train(tiny, tmp_path, tiny.build_classroom())
    with pytest.raises(KeyError, match='no sample_idx.*meta_keys'):
        train(tiny, tmp_path, crd_classroom(tiny), numbered=False)
