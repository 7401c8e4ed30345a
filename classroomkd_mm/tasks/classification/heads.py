# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What a classifier's head gives, and how its logits become an answer."""

import inspect
from typing import Any

import torch
from torch import Tensor, nn

from ...networks import is_of_package

UNTRAINABLE = {'LeViTClsHead': 'distillation', 'EfficientFormerClsHead': 'dist'}
"""Heads whose second branch MMPretrain cannot train, by the attribute that tells."""


def head_of(network: nn.Module) -> nn.Module | None:
    """Find the module that has the classifier's loss.

    Args:
        network (nn.Module): Any network.

    Returns:
        nn.Module | None: The head; the network itself for MMPretrain's wrappers of
        timm and Hugging Face; None where nothing says how the network is trained.
    """
    head = getattr(network, 'head', None)
    if is_of_package(network, 'mmpretrain') and isinstance(head, nn.Module):
        return head
    return next((m for m in (head, network) if hasattr(m, 'loss_module')), None)


def logits_source(student: nn.Module) -> str:
    """Name the module whose output is the student's logits.

    Args:
        student (nn.Module): The student.

    Returns:
        str: Its name within the student.
    """
    # MMPretrain's wrappers of timm and Hugging Face have no head of their own.
    wraps = not hasattr(student, 'head') and hasattr(student, 'model')
    return 'model' if wraps else 'head'


def has_margin(head: nn.Module | None) -> bool:
    """Tell a head that changes the logit of the true class while it is trained.

    Args:
        head (nn.Module, optional): A head such as ArcFaceClsHead.

    Returns:
        bool: Whether its ``forward`` takes the target.
    """
    forward = getattr(head, 'forward', None)
    return forward is not None and 'target' in inspect.signature(forward).parameters


def has_branches(head: nn.Module | None) -> bool:
    """Tell a head that gives the logits of two branches, whose sum is the answer.

    Args:
        head (nn.Module, optional): A head such as ConformerHead.

    Returns:
        bool: Whether it is one.
    """
    return 'ConformerHead' in (base.__name__ for base in type(head).__mro__)


def training_difference(head: nn.Module | None) -> str | None:
    """Say how the output of a head in training differs from what it predicts from.

    Args:
        head (nn.Module, optional): Any head.

    Returns:
        str | None: For messages; None if it does not.
    """
    if has_margin(head):
        return 'logits with a margin in the true class'
    if has_branches(head):
        return 'two outputs, of which the sum is its answer'
    return None


def answer_logits(module: nn.Module, inputs: tuple, output: Any) -> Any:
    """Turn what a module gave in training into what it would predict from.

    Source: docs/method.md, step 1, "Heads".

    Args:
        module (nn.Module): A head, or a whole network of timm or Hugging Face.
        inputs (tuple): Its positional arguments.
        output (Any): What it gave.

    Returns:
        Tensor: Logits (N, C) without a margin, of all branches together; with
        gradient. Anything else that the module gives is returned as it is.
    """
    if has_margin(module) and len(inputs) > 1:
        # Past the hooks, of which the one that asks is one.
        return module.forward(inputs[0])
    if has_branches(module) and isinstance(output, (tuple, list)):
        return sum(output)
    return getattr(output, 'logits', output)


class SumOfBranches(nn.Module):
    """Bring the output of a mentor with two branches to the one that it predicts."""

    def forward(self, branches: tuple[Tensor, ...]) -> Tensor:
        """Add the branches.

        Args:
            branches (tuple[Tensor, ...]): Logits (N, C) of each.

        Returns:
            Tensor: Logits (N, C).
        """
        return sum(branches)


class MarginalLogits(nn.Module):
    """Turn the logits of a softmax into those of a sigmoid for each class.

    The probability that the softmax gives to a class stays what it was:
    sigmoid(out) = softmax(in).

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
        # 1 - p vanishes for the likeliest class only: there it is summed up.
        top = log_p.argmax(dim=-1, keepdim=True)
        rest = log_p.scatter(-1, top, -torch.inf).logsumexp(dim=-1, keepdim=True)
        return log_p - torch.log1p(-log_p.exp()).scatter(-1, top, rest)


def check_trainable(student: nn.Module) -> None:
    """Refuse a student that MMPretrain itself cannot train.

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
            'cannot train: set head.distillation=False. As a mentor the head works as '
            'it is.'
        )
