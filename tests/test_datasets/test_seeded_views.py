# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Views repeat: in every process, epoch and loop, for all kinds of data sets."""

import importlib
import random

import numpy as np
import pytest
import torch
from mmengine.dataset import (
    BaseDataset,
    ClassBalancedDataset,
    ConcatDataset,
    DefaultSampler,
    InfiniteSampler,
    RepeatDataset,
    pseudo_collate,
)
from mmengine.registry import DATASETS
from mmengine.runner import Runner
from torch.utils.data import DataLoader, IterableDataset

from classroomkd_mm.datasets.seeded_batches import SeededBatch
from classroomkd_mm.datasets.seeded_view_sampler import SeededViewSampler
from classroomkd_mm.datasets.seeded_views import SeededViews, generators_put_aside
from classroomkd_mm.fingerprints import digest
from classroomkd_mm.random_states import seed_generators


class Draw:
    """A transform that draws from all three generators."""

    def __call__(self, results):
        draws = [random.random(), np.random.rand(), torch.rand(()).item()]
        return dict(results, draws=draws)


class LoseSome:
    """A transform that now and then gives nothing, as broken images do."""

    def __call__(self, results):
        return None if np.random.rand() < 0.7 else results


@DATASETS.register_module(force=True)
class Numbers(BaseDataset):
    """As many samples as wanted, each of which is its number."""

    METAINFO = dict(classes=('even', 'odd'))

    def __init__(self, size=6, pipeline=None, **options):
        self.size = size
        super().__init__(pipeline=pipeline or [Draw()], max_refetch=100, **options)

    def load_data_list(self):
        return [dict(number=i, gt_label=i % 2) for i in range(self.size)]

    def get_cat_ids(self, index):
        return [self.get_data_info(index)['gt_label']]


def draws(dataset, indices):
    return [dataset[i]['draws'] for i in indices]


def views_of_an_epoch(sampler, epoch):
    sampler.set_epoch(epoch)
    indices = list(sampler)
    size = len(sampler.dataset)
    return {i // size for i in indices}, [i % size for i in indices]


# Repeating --------------------------------------------------------------------


def test_draws_depend_on_seed_sample_and_view_alone():
    views = SeededViews(Numbers(), num_views=3, seed=1)
    wanted = draws(views, range(18))
    assert draws(views, reversed(range(18))) == wanted[::-1]
    assert len({value for triple in wanted for value in triple}) == 3 * 18
    other = draws(SeededViews(Numbers(), num_views=3, seed=2), range(18))
    assert not {tuple(t) for t in other} & {tuple(t) for t in wanted}


def test_generators_are_left_as_they_were():
    views = SeededViews(Numbers(), num_views=2)

    def next_draws():
        random.seed(3), np.random.seed(3), torch.manual_seed(3)
        if loaded:
            views[4], views.__getitems__([7, 2])
        return random.random(), np.random.rand(), torch.rand(()).item()

    loaded = False
    wanted = next_draws()
    loaded = True
    assert next_draws() == wanted


def test_a_seeded_batch_seeds_the_process_that_loads_it():
    """What the student draws next must not depend on the batches before."""
    views = SeededViews(Numbers(), num_views=2)
    views.__getitems__(SeededBatch([4, 7], (1, 2)))
    drawn = torch.rand(())
    seed_generators(1, 2)
    assert torch.equal(drawn, torch.rand(()))


def test_generators_are_restored_after_an_error():
    state = torch.get_rng_state()
    with pytest.raises(KeyError), generators_put_aside():
        torch.rand(3)
        raise KeyError
    assert torch.equal(torch.get_rng_state(), state)


def test_a_sample_in_place_of_a_broken_one_is_the_same_each_time():
    views = SeededViews(Numbers(pipeline=[LoseSome(), Draw()]), num_views=4)
    np.random.seed(0)
    wanted = [digest(views[i]) for i in range(24)]
    np.random.seed(1)
    assert [digest(views[i]) for i in range(24)] == wanted
    numbers = [views[i]['number'] for i in range(24)]
    assert numbers != [i % 6 for i in range(24)]


@pytest.mark.parametrize('workers', [0, 1, 2])
def test_every_number_of_workers_gives_the_same(workers):
    views = SeededViews(Numbers(), num_views=2)
    sampler = SeededViewSampler(views, DefaultSampler(views, shuffle=True, seed=4))
    loader = DataLoader(
        views, 2, sampler=sampler, num_workers=workers, collate_fn=pseudo_collate,
        persistent_workers=bool(workers),
    )  # fmt: skip
    for epoch in range(3):
        sampler.set_epoch(epoch)
        got = [each for batch in loader for each in zip(*batch['draws'], strict=True)]
        sampler.set_epoch(epoch)
        assert [list(each) for each in got] == draws(views, sampler)


# Which view -------------------------------------------------------------------


def test_epochs_go_through_the_views_in_the_order_of_the_other_sampler():
    views = SeededViews(Numbers(), num_views=3)
    plain = DefaultSampler(views.dataset, shuffle=True, seed=5)
    cfg = dict(type='DefaultSampler', shuffle=True)
    for epoch in (0, 1, 2, 3, 7):
        # A new sampler each time, as in a run that is resumed.
        sampler = SeededViewSampler(views, cfg, seed=5)
        plain.set_epoch(epoch)
        assert views_of_an_epoch(sampler, epoch) == ({epoch % 3}, list(plain))
        assert len(sampler) == 6


def test_an_endless_sampler_counts_its_passes_over_all_processes():
    views = SeededViews(Numbers(size=7), num_views=3)
    series = []
    for rank in (0, 1):
        inner = InfiniteSampler(views, shuffle=True, seed=0)
        inner.rank, inner.world_size = rank, 2
        sampler = iter(SeededViewSampler(views, inner))
        series.append([next(sampler) for _ in range(28)])
    merged = [index for pair in zip(*series, strict=True) for index in pair]
    for number in range(8):
        part = merged[7 * number : 7 * number + 7]
        assert sorted(part) == [number % 3 * 7 + i for i in range(7)]


def test_an_endless_sampler_goes_on_where_it_was():
    views = SeededViews(Numbers(), num_views=2)
    sampler = SeededViewSampler(views, InfiniteSampler(views, seed=0))
    first = [next(iter(sampler)) for _ in range(12)]
    assert sorted(first) == list(range(12))


def test_a_config_builds_views_and_sampler():
    loader = Runner.build_dataloader(
        dict(
            batch_size=2,
            num_workers=0,
            dataset=dict(type='SeededViews', num_views=2, dataset=dict(type='Numbers')),
            sampler=dict(
                type='SeededViewSampler',
                sampler=dict(type='DefaultSampler', shuffle=False),
            ),
        ),
        seed=0,
    )
    assert list(loader.sampler) == [0, 1, 2, 3, 4, 5]
    loader.sampler.set_epoch(1)
    assert list(loader.sampler) == [6, 7, 8, 9, 10, 11]


# Kinds of data sets -----------------------------------------------------------


@pytest.mark.parametrize(
    'wrap',
    [
        lambda: ConcatDataset([Numbers(), Numbers(size=3)]),
        lambda: RepeatDataset(Numbers(), times=2),
        lambda: ClassBalancedDataset(Numbers(size=5), oversample_thr=0.9),
        lambda: Numbers(serialize_data=False),
        lambda: Numbers(indices=4),
    ],
)
def test_wrappers(wrap):
    inner = wrap()
    views = SeededViews(inner, num_views=2)
    size = len(inner)
    assert len(views) == size
    assert views.metainfo == inner.metainfo
    for index in range(2 * size):
        assert views[index]['number'] == inner[index % size]['number']
        assert views.get_data_info(index) == inner.get_data_info(index % size)
    assert draws(views, range(2 * size)) == draws(views, range(2 * size))


def test_a_subset_is_loaded_sample_by_sample():
    """PyTorch would ask it for a batch at once, past the seeds."""
    views = SeededViews(torch.utils.data.Subset(Numbers(), [1, 3, 5]), num_views=2)
    loader = DataLoader(views, 3, sampler=[0, 4, 2], collate_fn=pseudo_collate)
    (batch,) = loader
    assert batch['number'] == [1, 3, 5]
    assert [list(each) for each in zip(*batch['draws'], strict=True)] == draws(
        views, [0, 4, 2]
    )


def test_annotations_are_read_when_they_are_needed():
    cfg = dict(type='Numbers', lazy_init=True)
    views = SeededViews(cfg, num_views=2, lazy_init=True)
    assert not views.dataset._fully_initialized
    views.full_init()
    assert len(views) == 6
    assert views.get_cat_ids(1) == [1]


# What is refused --------------------------------------------------------------


class Endless(IterableDataset):
    """A data set without indices."""

    def __iter__(self):
        yield 0


class Mosaic(Draw):
    """Named as the transforms that paste several samples together."""


class OwnGenerator(Draw):
    """A transform that does not draw from the global generators."""

    def __init__(self):
        self.generator = np.random.default_rng(0)


class Keeping(Draw):
    """A transform that keeps samples."""

    def __init__(self):
        self.results_cache = []


class Within:
    """A transform with others in it."""

    def __init__(self, inner):
        self.transforms = [[inner]]

    def __call__(self, results):
        return self.transforms[0][0](results)


@pytest.mark.parametrize('transform', [Mosaic(), OwnGenerator(), Keeping()])
@pytest.mark.parametrize('wrap', [lambda inner: inner, Within])
def test_transforms_that_do_not_repeat_are_refused_by_name(transform, wrap):
    dataset = ConcatDataset([Numbers(), Numbers(pipeline=[wrap(transform)])])
    with pytest.raises(ValueError, match=rf'repeat.*{type(transform).__name__}'):
        SeededViews(dataset, num_views=2)


@pytest.mark.parametrize('num_views', [0, -1, 1.5, True, '2'])
def test_a_number_of_views_that_cannot_be(num_views):
    with pytest.raises(ValueError, match=r'num_views=.* must be an int of 1'):
        SeededViews(Numbers(), num_views)


def test_a_seed_that_cannot_be():
    with pytest.raises(ValueError, match='seed=-1 must be'):
        SeededViews(Numbers(), 2, seed=-1)


@pytest.mark.parametrize('dataset', [Endless(), iter(())])
def test_a_data_set_without_indices(dataset):
    with pytest.raises(TypeError, match='no stable indices'):
        SeededViews(dataset, 2)


def test_an_index_beyond_the_views():
    with pytest.raises(IndexError, match='index 12 is beyond the 2 views of 6'):
        SeededViews(Numbers(), 2)[12]


def test_samplers_that_know_no_epochs():
    views = SeededViews(Numbers(), num_views=2)
    with pytest.raises(TypeError, match='not those of SequentialSampler'):
        SeededViewSampler(views, torch.utils.data.SequentialSampler(views))
    with pytest.raises(TypeError, match=r'SeededViews, but got Numbers: wrap'):
        SeededViewSampler(Numbers())


# Pipelines of OpenMMLab -------------------------------------------------------


def loaded_by(views, indices, workers, context=None):
    """Load samples, in processes of their own if there are workers."""
    loader = DataLoader(
        views, 1, sampler=indices, num_workers=workers, collate_fn=pseudo_collate,
        multiprocessing_context=context,
    )  # fmt: skip
    return [digest(batch) for batch in loader]


@pytest.fixture(scope='module', params=['mmpretrain', 'mmpose'])
def openmmlab_views(request, tmp_path_factory):
    """Views of a data set with the random transforms of a package."""
    pytest.importorskip(request.param)
    if request.param == 'mmpretrain':
        importlib.import_module('classroomkd_mm.datasets.digits')
        dataset = dict(DIGITS)
    else:
        # It lets import MMPose.
        importlib.import_module('classroomkd_mm.models')
        importlib.import_module('classroomkd_mm.datasets.stick_figures')
        dataset = dict(FIGURES, data_root=str(tmp_path_factory.mktemp('figures')))
    return SeededViews(dict(dataset, _scope_=request.param), num_views=2)


DIGITS = dict(
    type='Digits',
    images_per_class=1,
    pipeline=[
        dict(type='RandomResizedCrop', scale=32),
        dict(type='RandomFlip', prob=0.5),
        dict(
            type='RandAugment',
            policies='timm_increasing',
            num_policies=2,
            magnitude_level=9,
            magnitude_std=0.5,
        ),
        dict(type='ColorJitter', brightness=0.4, contrast=0.4),
        dict(type='RandomErasing', mode='rand', max_area_ratio=0.3),
        dict(type='PackInputs'),
    ],
)
CODEC = dict(type='MSRAHeatmap', input_size=(64, 96), heatmap_size=(16, 24), sigma=1.5)
FIGURES = dict(
    type='StickFiguresDataset',
    split='train',
    num_images=6,
    pipeline=[
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='RandomFlip', direction='horizontal'),
        dict(type='RandomHalfBody', prob=0.5),
        dict(type='RandomBBoxTransform'),
        dict(type='TopdownAffine', input_size=(64, 96)),
        dict(type='GenerateTarget', encoder=CODEC),
        dict(type='PackPoseInputs'),
    ],
)


def test_views_of_a_package_in_other_processes(openmmlab_views):
    size = len(openmmlab_views)
    indices = [0, size + 3, 3, size, 5]
    here = [digest(pseudo_collate([openmmlab_views[i]])) for i in indices]
    assert len(set(here)) == len(here)
    assert loaded_by(openmmlab_views, indices, workers=2) == here


@pytest.mark.slow
def test_views_of_a_package_in_a_process_that_shares_nothing(openmmlab_views):
    indices = [0, len(openmmlab_views) + 3]
    here = loaded_by(openmmlab_views, indices, workers=0)
    assert loaded_by(openmmlab_views, indices, 1, 'spawn') == here
