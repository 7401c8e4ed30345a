# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Sequence

import numpy as np


class ContrastSampler:
    """Draw the images that a contrastive loss compares an image with.

    The first is the image itself, the others are of other classes: each at most once,
    as long as there are enough of them. That is what MMRazor's ``CRDDataset`` draws
    with ``sample_mode='exact'`` and ``percent=1``, for classes of any sizes.

    Source: CRD, arXiv 1910.10699, section 3.

    Args:
        labels (Sequence[int]): The class of each of n images.

    Raises:
        ValueError: If there is one class only.
    """

    def __init__(self, labels: Sequence[int]) -> None:
        self.labels = np.asarray(labels)
        #: The images by class: those of a class are a block, the others what is left.
        self.order = np.argsort(self.labels, kind='stable')
        self.sizes = np.bincount(self.labels)
        self.starts = np.cumsum(self.sizes) - self.sizes
        if np.count_nonzero(self.sizes) < 2:
            raise ValueError(
                f'All {len(self.labels)} images are of one class, so there is nothing '
                'to contrast them with.'
            )

    def draw(self, index: int, number: int, rng: np.random.Generator) -> np.ndarray:
        """Draw for an image.

        Args:
            index (int): The image.
            number (int): How many images of other classes.
            rng (np.random.Generator): What to draw from.

        Returns:
            np.ndarray: int64 (1 + number,): the image and those drawn.
        """
        label = self.labels[index]
        size, start = self.sizes[label], self.starts[label]
        others = len(self.labels) - size
        places = rng.choice(others, number, replace=number > others, shuffle=False)
        places += size * (places >= start)
        return np.concatenate([[index], self.order[places]])
