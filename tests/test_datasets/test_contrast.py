# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What CRD contrasts an image with."""

import numpy as np
import pytest

from classroomkd_mm.datasets.contrast import ContrastSampler

LABELS = [2, 0, 2, 1, 1, 2, 0, 2]


@pytest.mark.parametrize('index', range(len(LABELS)))
def test_first_the_image_then_all_of_other_classes_each_once(index):
    others = [i for i, label in enumerate(LABELS) if label != LABELS[index]]
    rng = np.random.default_rng(0)
    drawn = ContrastSampler(LABELS).draw(index, len(others), rng)
    assert drawn[0] == index
    assert sorted(drawn[1:]) == others


def test_each_image_of_another_class_is_drawn_as_often():
    rng, sampler = np.random.default_rng(0), ContrastSampler(LABELS)
    drawn = np.concatenate([sampler.draw(3, 2, rng)[1:] for _ in range(3000)])
    counts = np.bincount(drawn, minlength=len(LABELS))
    assert not counts[[3, 4]].any()
    assert np.allclose(counts[[0, 1, 2, 5, 6, 7]], 1000, atol=100)


def test_the_images_are_those_of_mmrazor():
    """For classes of one size, which are all that CRDDataset takes."""
    from mmrazor.datasets import CRDDataset

    labels = [0, 1, 2, 2, 1, 0]
    theirs = CRDDataset.__new__(CRDDataset)
    vars(theirs).update(sample_mode='exact', num_classes=None, percent=1.0, neg_num=9)
    theirs.dataset = Labelled(labels)
    theirs._parse_fullset_contrast_info()
    rng, ours = np.random.default_rng(0), ContrastSampler(labels)
    for index in range(len(labels)):
        expected = theirs._get_contrast_info({}, index)['contrast_sample_idxs']
        drawn = ours.draw(index, 9, rng)  # of four, so with repetition
        assert drawn.shape == expected.shape
        assert drawn[0] == expected[0] == index
        negative = theirs.cls_negative[labels[index]]
        assert set(drawn[1:]) <= set(negative)
        assert sorted(ours.draw(index, 4, rng)[1:]) == sorted(negative)


class Labelled(list):
    """What CRDDataset asks of a dataset."""

    test_mode = False

    def get_gt_labels(self):
        return list(self)


def test_one_class_only():
    with pytest.raises(ValueError, match='All 3 images are of one class'):
        ContrastSampler([1, 1, 1])
