# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from mmpretrain.datasets import BaseDataset
from mmpretrain.registry import DATASETS

from ..functional.checks import check_choice

NUM_CLASSES = 10
# Seed of the train/test split. It is fixed, so that results are comparable.
SPLIT_SEED = 0


@DATASETS.register_module()
class Digits(BaseDataset):
    """The handwritten digits that scikit-learn ships: real images, no download.

    1,797 greyscale images of 8 x 8 pixels from the UCI dataset Optical Recognition of
    Handwritten Digits. A fixed random split uses half of them for training and half
    for testing. They are returned as colour images with values from 0 to 255.

    Args:
        split (str): 'train' or 'test'.
        images_per_class (int, optional): Number of images of each digit to use, for
            training with few labels. Defaults to all.
        skip_per_class (int): Number of images of each digit to leave out, the first
            ones: what another network trains on with ``images_per_class``. Defaults
            to 0.
        **kwargs: Arguments of MMPretrain's ``BaseDataset``, such as ``pipeline``.

    Raises:
        ModuleNotFoundError: If scikit-learn is not installed.
        ValueError: If the split does not exist, or has too few images of a digit.
    """

    METAINFO = {'classes': tuple('0123456789')}

    def __init__(
        self,
        split: str = 'train',
        images_per_class: int | None = None,
        skip_per_class: int = 0,
        **kwargs,
    ) -> None:
        check_choice('split', split, ('train', 'test'))
        self.split = split
        self.images_per_class = images_per_class
        self.skip_per_class = skip_per_class
        super().__init__(ann_file='', **kwargs)

    def load_data_list(self) -> list[dict]:
        """Load the images of the split.

        Returns:
            list[dict]: For each image, ``img``, uint8 (8, 8, 3), and ``gt_label``.
        """
        digits = _read_digits()
        order = np.random.default_rng(SPLIT_SEED).permutation(len(digits))
        half = len(order) // 2
        order = order[:half] if self.split == 'train' else order[half:]
        pixels, labels = digits[order, :-1], digits[order, -1].astype(int)
        images = np.round(pixels * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1)
        images = np.repeat(images, 3, axis=-1)
        return [
            dict(img=images[i], gt_label=int(labels[i])) for i in self._chosen(labels)
        ]

    def _chosen(self, labels: np.ndarray) -> np.ndarray:
        """Take images of each digit, in the order of the split."""
        by_digit = [np.flatnonzero(labels == digit) for digit in range(NUM_CLASSES)]
        fewest = min(map(len, by_digit))
        skip = self.skip_per_class
        if not 0 <= skip < fewest:
            raise ValueError(
                f'skip_per_class={skip!r} must be between 0 and {fewest - 1}: the '
                f'rarest digit in the {self.split} split has {fewest} images.'
            )
        end = None
        if self.images_per_class is not None:
            left = fewest - skip
            if not 0 < self.images_per_class <= left:
                raise ValueError(
                    f'images_per_class={self.images_per_class!r} must be between 1 and '
                    f'{left}, the number of images of the rarest digit in the '
                    f'{self.split} split after skip_per_class={skip!r}.'
                )
            end = skip + self.images_per_class
        chosen = [indices[skip:end] for indices in by_digit]
        return np.sort(np.concatenate(chosen))


def _read_digits() -> np.ndarray:
    """Read scikit-learn's file, without scikit-learn, whose import takes longer.

    Returns:
        np.ndarray: float64 (1797, 65): 64 pixels from 0 to 16, and the label.
    """
    package = find_spec('sklearn')
    if package is None:
        raise ModuleNotFoundError(
            'Digits are the images that come with scikit-learn, which is not '
            'installed. To install it: pip install scikit-learn.',
            name='sklearn',
        )
    folder = Path(package.origin).parent / 'datasets' / 'data'
    return np.loadtxt(folder / 'digits.csv.gz', delimiter=',')
