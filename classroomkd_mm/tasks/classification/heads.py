# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Heads of classifiers, and the logits from which they predict."""

import inspect
from typing import Any

import torch
from torch import Tensor, nn

from ...networks import is_of_package

UNTRAINABLE = {'LeViTClsHead': 'distillation', 'EfficientFormerClsHead': 'dist'}
"""Heads whose distillation branch MMPretrain cannot train, and their option for it."""


def head_of(network: nn.Module) -> nn.Module | None:
    """Find the module that contains the classifier's loss.

    Args:
        network (nn.Module): Any network.

    Returns:
        nn.Module | None: The head; the network itself for MMPretrain's wrappers of timm
        and Hugging Face; None if it is unknown how the network is trained.
    """
    head = getattr(network, 'head', None)
    if is_of_package(network, 'mmpretrain') and isinstance(head, nn.Module):
        return head
    return next((m for m in (head, network) if hasattr(m, 'loss_module')), None)


def logits_source(student: nn.Module) -> str:
    """Get the name of the module whose output is the student's logits.

    Args:
        student (nn.Module): The student.

    Returns:
        str: Name of the module within the student.
    """
    # MMPretrain's wrappers of timm and Hugging Face have no head of their own.
    wraps = not hasattr(student, 'head') and hasattr(student, 'model')
    return 'model' if wraps else 'head'


def has_margin(head: nn.Module | None) -> bool:
    """Whether a head adds a margin to the logit of the true class in training.

    Args:
        head (nn.Module, optional): A head such as ArcFaceClsHead.

    Returns:
        bool: True if its ``forward`` takes the target.
    """
    forward = getattr(head, 'forward', None)
    return forward is not None and 'target' in inspect.signature(forward).parameters


def has_branches(head: nn.Module | None) -> bool:
    """Whether a head returns the logits of two branches and predicts from their sum.

    Args:
        head (nn.Module, optional): A head such as ConformerHead.

    Returns:
        bool: True for such a head.
    """
    return 'ConformerHead' in (base.__name__ for base in type(head).__mro__)


def training_difference(head: nn.Module | None) -> str | None:
    """Describe how a head's output in training differs from its prediction logits.

    Args:
        head (nn.Module, optional): Any head.

    Returns:
        str | None: Description for messages; None if there is no difference.
    """
    if has_margin(head):
        return 'logits with a margin on the true class'
    if has_branches(head):
        return 'two outputs, whose sum is the prediction'
    return None


def answer_logits(module: nn.Module, inputs: tuple, output: Any) -> Any:
    """Convert the output of a module in training to the logits of its prediction.

    Source: docs/method.md, step 1, "Heads".

    Args:
        module (nn.Module): A head, or a timm or Hugging Face network.
        inputs (tuple): Its positional arguments.
        output (Any): Its output.

    Returns:
        Tensor: Logits (N, C) without a margin, summed over branches, with gradient. Any
        other output is returned unchanged.
    """
    if has_margin(module) and len(inputs) > 1:
        # Call forward directly: this function runs in one of the module's hooks.
        return module.forward(inputs[0])
    if has_branches(module) and isinstance(output, (tuple, list)):
        return sum(output)
    return getattr(output, 'logits', output)


class SumOfBranches(nn.Module):
    """Convert the output of a mentor with two branches to its prediction logits."""

    def forward(self, branches: tuple[Tensor, ...]) -> Tensor:
        """Add the branches.

        Args:
            branches (tuple[Tensor, ...]): Logits (N, C) of each branch.

        Returns:
            Tensor: Logits (N, C).
        """
        return sum(branches)


class MarginalLogits(nn.Module):
    """Convert the logits of a softmax to those of a sigmoid per class.

    The probability of each class stays the same: sigmoid(out) = softmax(in).

    Source: docs/method.md, step 1, "Sigmoid heads".
    """

    def forward(self, logits: Tensor) -> Tensor:
        """Compute log(p / (1 - p)) of every class.

        Args:
            logits (Tensor): (N, C), of two classes or more.

        Returns:
            Tensor: (N, C), float32 or wider.
        """
        log_p = torch.log_softmax(logits.float(), dim=-1)
        # 1 - p can vanish only for the most likely class: there, sum the other p.
        top = log_p.argmax(dim=-1, keepdim=True)
        rest = log_p.scatter(-1, top, -torch.inf).logsumexp(dim=-1, keepdim=True)
        return log_p - torch.log1p(-log_p.exp()).scatter(-1, top, rest)


def check_trainable(student: nn.Module) -> None:
    """Reject a student that MMPretrain cannot train.

    Args:
        student (nn.Module): The student.

    Raises:
        ValueError: If its head has a distillation branch.
    """
    head = head_of(student)
    kind = type(head).__name__
    if getattr(head, UNTRAINABLE.get(kind, ''), False):
        raise ValueError(
            f'The student has a {kind} with a distillation branch, which MMPretrain '
            'cannot train: set head.distillation=False. A mentor may have such a head.'
        )
