# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmrazor.registry import HOOKS

from ...datasets.contrast import ContrastSampler
from .classroom_model import classroom_of


@HOOKS.register_module()
class ContrastHook(Hook):
    """Give MMRazor's CRDLoss the images to contrast each image with.

    The loss reads ``sample_idx`` and ``contrast_sample_idxs`` from the data samples, as
    tensors. MMRazor adds them with ``CRDDataset`` and ``PackCRDClsInputs``, which need
    MMClassification and classes of one size. This hook adds them to the samples of any
    dataset of MMPretrain, also in seeded views. What it draws depends on the seed of
    the run, the iteration and the process alone.

    Source: CRD, arXiv 1910.10699, section 3; docs/mmrazor_losses.md.

    Examples:
        >>> custom_hooks = [dict(type='mmrazor.ContrastHook')]
    """

    def before_train(self, runner: Runner) -> None:
        """Read the classes of the training images.

        Args:
            runner (Runner): The runner.

        Raises:
            TypeError: If the runner's model is not a ClassroomDistill.
            ValueError: If there is not exactly one CRDLoss, it is for another number of
                images, or all images are of one class.
        """
        dataset = runner.train_dataloader.dataset
        memory = _loss_of(classroom_of(runner, self)).contrast
        if memory.n_sample != len(dataset):
            raise ValueError(
                f'CRDLoss: sample_n={memory.n_sample}, but train_dataloader has '
                f'{len(dataset)} images. Set sample_n={len(dataset)}.'
            )
        self._number = memory.neg_sample
        self._sampler = ContrastSampler(
            [int(dataset.get_data_info(i)['gt_label']) for i in range(len(dataset))]
        )

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Mapping[str, Any]
    ) -> None:
        """Draw for the images of a batch.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Index of the batch in the epoch.
            data_batch (Mapping[str, Any]): As the data loader gives it, on the host.

        Raises:
            KeyError: If a data sample has no ``sample_idx``.
        """
        rng = np.random.default_rng((runner.seed, runner.iter, get_rank()))
        for sample in data_batch['data_samples']:
            index = sample.pop('sample_idx', None)
            if index is None:
                raise KeyError(
                    'ContrastHook: a data sample has no sample_idx. Add it to the '
                    'meta_keys of PackInputs.'
                )
            drawn = torch.from_numpy(self._sampler.draw(index, self._number, rng))
            sample.set_data(dict(sample_idx=drawn[0], contrast_sample_idxs=drawn))


def _loss_of(classroom: torch.nn.Module) -> torch.nn.Module:
    """Find the loss that contrasts."""
    from mmrazor.models.losses import CRDLoss

    losses = classroom.distiller.distill_losses.values()
    found = [loss for loss in losses if isinstance(loss, CRDLoss)]
    if len(found) != 1:
        raise ValueError(
            f'ContrastHook is for one CRDLoss, but distill_losses has {len(found)}.'
        )
    return found[0]
