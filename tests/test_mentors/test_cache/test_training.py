# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Training with a cache is training without one, and runs no mentor twice."""

import pytest
import torch


@pytest.fixture
def cc(tiny):
    """The module with classrooms and data."""
    import cached_classroom

    return cached_classroom


def assert_same(run, wanted, exact=True):
    """Compare losses and weights of two runs."""
    tolerance = dict(rtol=0, atol=0) if exact else dict(rtol=1e-5, atol=1e-5)
    assert len(run[0]) == len(wanted[0]) == 20
    torch.testing.assert_close(run[0], wanted[0], **tolerance)
    torch.testing.assert_close(dict(run[1]), dict(wanted[1]), **tolerance)


def count_runs(model):
    """Count for how many samples each network runs."""
    counts = {}

    def count(name):
        def hook(_, args):
            counts[name] = counts.get(name, 0) + len(args[0])

        return hook

    for mentor in model.mentors:
        mentor._mentor.running.register_forward_pre_hook(count(mentor.name))
    return counts


def test_twenty_steps_are_the_same_bit_for_bit(school, cc):
    wanted = school.train('plain', cc.views_loader())
    model = school.build(school.cache(dtype='float32'))
    counts = count_runs(model)
    cold = school.train('cold', cc.loader(), model)
    assert counts == dict(a=41, b=41)  # two views of 20, and one to learn the form
    assert_same(cold, wanted)
    warm = school.build(school.cache(dtype='float32'))
    assert [mentor._mentor for mentor in warm.mentors] == [None, None]
    assert_same(school.train('warm', cc.loader(), warm), wanted)


@pytest.mark.parametrize('workers', [0, 2])
def test_other_batches_round_differently_at_most(school, cc, workers):
    data = dict(shuffle=True, num_workers=workers)
    wanted = school.train('plain', cc.views_loader(shuffle=True))
    for name in ('cold', 'warm'):
        model = school.build(school.cache(dtype='float32'))
        run = school.train(name, cc.loader(**data), model)
        assert_same(run, wanted, exact=False)


def test_a_cold_run_and_a_warm_one_are_the_same_in_float16(school, cc):
    model = school.build(school.cache(num_views=5))
    cold = school.train('cold', cc.loader(shuffle=True), model)
    warm = school.train(
        'warm', cc.loader(shuffle=True), school.build(school.cache(num_views=5))
    )
    assert_same(warm, cold)


@pytest.mark.parametrize('workers', [0, 2])
def test_training_by_iterations(school, cc, workers):
    options = dict(
        train_cfg=dict(by_epoch=False, max_iters=20),
        default_hooks=dict(checkpoint=None),
    )
    data = dict(shuffle=True, endless=True)
    wanted = iterations(school, 'plain', cc.views_loader(**data), None, options)
    for name in ('cold', 'warm'):
        model = school.build(school.cache(dtype='float32'))
        data_loader = cc.loader(num_workers=workers, **data)
        run = iterations(school, name, data_loader, model, options)
        assert_same(run, wanted, exact=False)
    assert [mentor._mentor for mentor in model.mentors] == [None, None]


def iterations(school, name, data, model, options):
    """Train with an IterBasedTrainLoop."""
    from cached_classroom import HOOKS, RecordLosses
    from mmengine.runner import Runner

    record = RecordLosses()
    model = school.build() if model is None else model
    runner = Runner(
        model,
        str(school.folder / name),
        train_dataloader=data,
        optim_wrapper=dict(
            optimizer=dict(type='SGD', lr=0.05, momentum=0.9, weight_decay=1e-4)
        ),
        custom_hooks=[*HOOKS, record],
        experiment_name=f'{name}_{id(record)}',
        **options,
    )
    runner.train()
    return record.losses, model.state_dict(), runner


def test_an_interrupted_run_is_resumed_in_the_right_view(school, cc):
    wanted = school.train('whole', cc.views_loader(shuffle=True))
    cache = school.cache(dtype='float32')
    school.train('two', cc.loader(shuffle=True), school.build(cache), epochs=3)
    losses, weights, _ = school.train(
        'two', cc.loader(shuffle=True), school.build(cache), resume=True
    )
    assert_same((wanted[0][:12] + losses, weights), wanted, exact=False)


def test_a_mentor_is_let_go_of_when_its_views_are_there(school, cc):
    model = school.build(school.cache())
    school.train('run', cc.loader(), model, epochs=1)
    assert all(mentor._mentor for mentor in model.mentors)
    model = school.build(school.cache())
    school.train('more', cc.loader(), model, epochs=2)
    assert not any(mentor._mentor for mentor in model.mentors)


def test_mentors_and_checkpoints_are_not_needed_any_more(school, cc):
    wanted = school.train('cold', cc.loader(), school.build(school.cache()))
    for path in school.folder.glob('*.pth'):
        path.unlink()
    run = school.train('warm', cc.loader(), school.build(school.cache()))
    assert_same(run, wanted)
    path = school.folder / 'warm' / 'epoch_5.pth'
    saved = torch.load(path, weights_only=False)['meta']['mentors']
    path = school.folder / 'cold' / 'epoch_5.pth'
    assert saved == torch.load(path, weights_only=False)['meta']['mentors']


def test_a_run_in_half_precision_fills_whole_entries(school, cc):
    model, data = school.connected(mentor_cache=school.cache(dtype='float32'))
    plain = school.build()
    batch = model.data_preprocessor(next(iter(data)), True)
    with torch.autocast('cpu', torch.bfloat16):
        cached = model.mentors(batch['inputs'], batch['data_samples'])
    wanted = plain.mentors(batch['inputs'], batch['data_samples'])
    assert all(map(torch.equal, cached, wanted))


def test_features_inside_of_mentors_are_not_cached(school):
    distiller = dict(
        mentor_recorders=dict(a=dict(pool=dict(type='ModuleOutputs', source='neck')))
    )
    with pytest.raises(ValueError, match=r"'a' has its outputs cached.*recorders"):
        school.build(school.cache(), distiller=distiller)


def test_a_model_without_the_hook_says_what_is_missing(school, tiny):
    model = school.build(school.cache())
    with pytest.raises(ValueError, match='add dict.*ClassroomHook.*custom_hooks'):
        model(*tiny.prepared(model, tiny.batch()), mode='loss')
