# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A cache of something else is refused, or not used for what it is not."""

import json
import shutil

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook


@pytest.fixture
def cc(tiny):
    """The module with classrooms and data."""
    import cached_classroom

    return cached_classroom


def built(model):
    """Names of the mentors that have a network."""
    return {mentor.name for mentor in model.mentors if mentor._mentor is not None}


# Another data set or other options --------------------------------------------


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(num_views=3), 'num_views: 2, now 3'),
        (dict(seed=7), 'seed: 0, now 7'),
        (dict(dtype='float32'), 'dtype: "float16", now "float32"'),
        (dict(topk=2), 'topk: null, now 2'),
    ],
)
def test_other_options_are_refused_when_the_config_is_read(school, options, message):
    school.filled()
    with pytest.raises(ValueError, match=rf'other views than this run: {message}'):
        school.build(school.cache(**options))


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(size=21), 'length: 20, now 21'),
        (dict(first=1), 'samples: "'),
        (dict(strength=31), r'pipeline\[0\]\.transforms\[0\]\.strength: 30, now 31'),
    ],
)
def test_other_data_is_refused_before_the_first_batch(school, cc, options, message):
    school.filled()
    model = school.build(school.cache())
    with pytest.raises(ValueError, match=rf'{message}.*Restore these, or give'):
        school.train('run', cc.loader(cc.NoisyData(**options)), model)


def test_views_in_the_config_have_to_agree(school, cc):
    school.connected(cc.views_loader(num_views=2))
    with pytest.raises(ValueError, match='num_views=2, but SeededViews .* num_views=3'):
        school.connected(cc.views_loader(num_views=3))


# Other mentors ----------------------------------------------------------------


def test_a_mentor_with_another_checkpoint_runs_again_and_no_other(school, monkeypatch):
    model = school.filled()
    wanted = model.mentors['b'].store
    school.save('a', seed=1)
    said = []
    monkeypatch.setattr(
        'classroomkd_mm.mentors.cache.cache.print_log',
        lambda text, **_: said.append(text),
    )
    again = school.build(school.cache())
    assert built(again) == {'a'}
    assert "'a' is not the one in the mentor cache" in said[0]
    assert 'weights.ckpt: "' in said[0]
    assert len(said) == 1
    school.filled()
    assert built(school.build(school.cache())) == set()
    folders = [path.name for path in (school.folder / 'cache').glob('*-*')]
    assert sorted(name[0] for name in folders) == ['a', 'a', 'b']
    assert np.array_equal(
        wanted.filled, school.build(school.cache()).mentors['b'].store.filled
    )


def test_the_first_checkpoint_is_known_again(school):
    school.filled()
    school.save('a', seed=1)
    school.filled()
    school.save('a', seed=0)
    assert built(school.build(school.cache())) == set()


def test_a_checkpoint_that_was_moved_is_the_same(school):
    school.filled()
    for mentor in school.mentors.values():
        mentor['ckpt'] = shutil.move(mentor['ckpt'], mentor['ckpt'] + '.moved')
    assert built(school.build(school.cache())) == set()


def test_a_path_that_was_never_there_is_another_checkpoint(school):
    school.filled()
    school.mentors['a']['ckpt'] = str(school.folder / 'other.pth')
    with pytest.raises(FileNotFoundError, match=r'other\.pth'):
        school.connected()


@pytest.mark.parametrize(
    'change', [dict(input_size=24), dict(data_preprocessor=dict(mean=[1.0] * 3))]
)
def test_a_mentor_with_another_input_runs_again(school, change):
    school.filled()
    school.mentors['b'].update(change)
    assert built(school.build(school.cache())) == {'b'}


def test_a_student_with_another_normalization_has_other_entries(school, tiny):
    school.filled()
    norm = dict(tiny.STUDENT_NORM, mean=[0.0] * 3)
    model = school.build(school.cache(), architecture=tiny.net(norm=norm))
    assert built(model) == {'a', 'b'}


def test_random_weights_under_the_same_config_are_refused(school):
    school.mentors['a']['ckpt'] = None
    school.connected()
    torch.manual_seed(1)
    with pytest.raises(ValueError, match=r"'a' has other weights .*random weights"):
        build_with_seed(school, 5)


def build_with_seed(school, seed):
    from mmrazor.registry import MODELS
    from tiny_classroom import classroom_config

    torch.manual_seed(seed)
    return MODELS.build(classroom_config(school.mentors, mentor_cache=school.cache()))


def test_a_built_mentor_is_known_by_its_weights(school, tiny):
    from mmrazor.registry import MODELS

    def network(seed):
        torch.manual_seed(seed)
        return MODELS.build(tiny.net(6))

    school.filled(mentors=dict(m=network(0)))
    assert built(school.build(school.cache(), dict(m=network(0)))) == set()
    assert built(school.build(school.cache(), dict(m=network(1)))) == {'m'}


# Foreign and damaged files ----------------------------------------------------


def test_a_path_that_is_a_file(school):
    path = school.folder / 'cache'
    path.write_text('')
    with pytest.raises(ValueError, match=r'is a file\. Give a folder'):
        school.build(school.cache())


def test_a_folder_with_other_files(school):
    path = school.folder / 'cache'
    path.mkdir()
    (path / 'thesis.tex').write_text('')
    with pytest.raises(ValueError, match='it is no mentor cache'):
        school.build(school.cache())


@pytest.mark.parametrize('text', ['', '{}', '[]', '{"format": 99}'])
def test_a_damaged_manifest(school, text):
    school.connected()
    (school.folder / 'cache' / 'cache.json').write_text(text)
    with pytest.raises(ValueError, match=r'cache\.json is not the manifest'):
        school.build(school.cache())


def test_a_truncated_file_is_refused_when_the_config_is_read(school):
    model, _ = school.connected()
    path = model.mentors['a'].store.folder / 'entries.npy'
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match='holds no entries that can be used'):
        school.build(school.cache())


def test_a_store_of_another_length(school):
    model, _ = school.connected()
    folder = model.mentors['a'].store.folder
    for name in ('entries.npy', 'checksums.npy'):
        np.save(folder / name, np.load(folder / name)[:-1])
    with pytest.raises(ValueError, match='has 39 entries, but the data set needs 40'):
        school.connected()


# What cannot be cached --------------------------------------------------------


def test_batch_augmentations_are_refused_by_name(school, tiny):
    student = tiny.net() | dict(
        train_cfg=dict(
            augments=[dict(type='Mixup', alpha=0.8), dict(type='CutMix', alpha=1.0)]
        )
    )
    with pytest.raises(ValueError, match='cannot be used with Mixup, CutMix'):
        school.build(school.cache(), architecture=student)


class Counting:
    """A transform that counts its samples."""

    def __init__(self):
        self.count = 0

    def __call__(self, results):
        self.count += 1
        return dict(results, inputs=results['inputs'] + self.count)


def test_a_transform_that_remembers_is_noticed(school, cc):
    data = cc.NoisyData()
    data.pipeline.transforms.insert(0, Counting())
    with pytest.raises(ValueError, match='loaded twice, its first sample.*Counting'):
        school.connected(cc.loader(data))


class PipelineSwitchHook(Hook):
    """Named as MMPose's, which replaces the pipeline after some epochs."""


def test_a_hook_that_changes_the_pipeline_is_refused(school, cc):
    model = school.build(school.cache())
    with pytest.raises(ValueError, match='cannot be used with PipelineSwitchHook'):
        school.train('run', cc.loader(), model, hooks=[PipelineSwitchHook()])


def test_samplers_that_cannot_be_followed(school, cc):
    data = torch.utils.data.DataLoader(cc.NoisyData(), 5)
    with pytest.raises(
        TypeError, match='does not know the epochs of SequentialSampler'
    ):
        school.connected(data)


# Which samples ----------------------------------------------------------------


def identity(dataset):
    from classroomkd_mm.datasets.identity import dataset_identity
    from classroomkd_mm.datasets.seeded_views import SeededViews

    return dataset_identity(SeededViews(dataset, num_views=1))


def test_data_sets_without_annotations_are_known_by_their_samples(tiny):
    data, other = tiny.TinyData(), tiny.TinyData()
    assert identity(data) == identity(other)
    other.images[0, 0, 0, 0] += 1
    assert identity(data) != identity(other)


def test_folds_are_known_by_their_annotations(cc):
    fold = torch.utils.data.Subset
    data = cc.NoisyData()
    first, second = (identity(fold(data, range(i, 20, 2))) for i in (0, 1))
    assert first['samples'] != second['samples']
    assert first['pipeline'] == second['pipeline'] != []


def test_a_data_set_may_be_moved_but_not_resized(tmp_path, cc):
    class Files(cc.NoisyData):
        def load_data_list(self):
            return [dict(img_path=str(folder / 'train' / '1.png'), gt_label=0)]

    identities = []
    for name, size in dict(here=10, there=10, smaller=5).items():
        folder = tmp_path / name
        (folder / 'train').mkdir(parents=True)
        (folder / 'train' / '1.png').write_bytes(bytes(size))
        identities.append(json.dumps(identity(Files())))
    assert identities[0] == identities[1] != identities[2]
