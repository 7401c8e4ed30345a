# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import numpy as np
import pytest


@pytest.fixture(scope='module')
def digits():
    from mmpretrain.registry import DATASETS

    import classroomkd_mm.datasets.digits  # noqa: F401

    return lambda **kwargs: DATASETS.build(dict(type='Digits', **kwargs))


def test_the_splits_share_no_image_and_hold_all(digits):
    train, test = digits(split='train'), digits(split='test')
    assert (len(train), len(test)) == (898, 899)
    images = {sample['img'].tobytes() for split in (train, test) for sample in split}
    assert len(images) == 1797
    sample = train[0]
    assert sample['img'].shape == (8, 8, 3)
    assert sample['img'].dtype == np.uint8
    assert sample['img'].max() == 255


def test_few_images_are_balanced_and_part_of_the_split(digits):
    few, train = digits(images_per_class=5), digits()
    labels = [few.get_data_info(i)['gt_label'] for i in range(len(few))]
    assert np.bincount(labels).tolist() == [5] * 10
    known = {sample['img'].tobytes() for sample in train}
    assert {sample['img'].tobytes() for sample in few} <= known


def test_labels_are_the_digits(digits):
    from sklearn.datasets import load_digits

    truth = load_digits()
    by_image = {
        np.round(image * (255 / 16)).astype(np.uint8).tobytes(): label
        for image, label in zip(truth.images, truth.target, strict=True)
    }
    for sample in digits(split='test'):
        assert by_image[sample['img'][..., 0].tobytes()] == sample['gt_label']


@pytest.mark.parametrize('value', [0, 1000])
def test_more_images_than_there_are_is_an_error(digits, value):
    with pytest.raises(ValueError, match=f'images_per_class={value}'):
        digits(images_per_class=value)


def test_unknown_split(digits):
    with pytest.raises(ValueError, match="split='val'.*'train', 'test'"):
        digits(split='val')


def test_skipped_images_are_those_that_another_network_has(digits):
    few, others = digits(images_per_class=5), digits(skip_per_class=5)
    assert (len(few), len(others)) == (50, 848)
    images = {sample['img'].tobytes() for part in (few, others) for sample in part}
    assert len(images) == 898


@pytest.mark.parametrize('value', [-1, 1000])
def test_skipping_more_images_than_there_are_is_an_error(digits, value):
    with pytest.raises(ValueError, match=f'skip_per_class={value}'):
        digits(skip_per_class=value)


def test_scikit_learn_that_is_missing_is_named(digits, monkeypatch):
    from classroomkd_mm.datasets import digits as module

    monkeypatch.setattr(module, 'find_spec', lambda name: None)
    with pytest.raises(ModuleNotFoundError, match='pip install scikit-learn'):
        digits()
