# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Sequence

import torch
from mmengine.structures import BaseDataElement
from mmrazor.registry import MODELS
from torch import Tensor

from ...classroom import Scorer, Scores
from ...functional import all_finite, at_least_float32


@MODELS.register_module()
class EntropyScorer(Scorer):
    """Score classifiers by their certainty, without looking at the labels.

    The score is 1 / H, with the entropy H of the member's softmax. With
    ``KnowledgeFilter(filtering=False, weights='confidence')`` the mentors have the
    weights of EBKD, (1 - H_m / Σ H) / (n - 1), times n.

    Source: EBKD, "Adaptive knowledge distillation based on entropy" (ICASSP 2020);
    docs/method.md, "Baselines".
    """

    task = 'classification'

    def score_batch(
        self,
        student_output: Tensor,
        mentor_outputs: Sequence[Tensor],
        data_samples: Sequence[BaseDataElement],
    ) -> Scores:
        """Score the members on a batch.

        Args:
            student_output (Tensor): Logits (N, C).
            mentor_outputs (Sequence[Tensor]): n tensors of logits (N, C).
            data_samples (Sequence[BaseDataElement]): Not used.

        Returns:
            Scores: Log-scores (n+1, N): -log H.
        """
        logits = torch.stack([at_least_float32(student_output), *mentor_outputs])
        log_p = logits.log_softmax(dim=-1)
        entropy = -torch.special.xlogy(log_p.exp(), log_p.exp()).sum(dim=-1)
        finite = all_finite(logits)
        return Scores(torch.where(finite, -entropy.clamp(min=1e-6).log(), -torch.inf))
