# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Whether a classifier's logits are those of a softmax or of sigmoids."""

from torch import nn

from ...networks import is_of_package
from .heads import head_of

SOFTMAX = 'softmax'
SIGMOID = 'sigmoid'
LIKELIHOODS = (SOFTMAX, SIGMOID)
WHAT_WORKS = (
    'Supported are the classification heads of MMPretrain that inherit from ClsHead or '
    'MultiLabelClsHead, with CrossEntropyLoss, LabelSmoothLoss, FocalLoss, '
    'AsymmetricLoss or SeesawLoss.'
)


def likelihood_of(network: nn.Module, owner: str) -> str | None:
    """Determine the likelihood of a classifier from its head and loss.

    Args:
        network (nn.Module): A classifier.
        owner (str): Owner of the network, such as "The student", for messages.

    Returns:
        str | None: 'softmax' if exactly one class is true; 'sigmoid' if each class is
        true or false independently; None if it is unknown how the network is trained.

    Raises:
        ValueError: If the head does not predict classes, or contradicts its loss.
    """
    head = head_of(network)
    if head is None:
        return None
    loss = getattr(head, 'loss_module', None)
    by_head, by_loss = _kind_of_head(network, head, owner), _kind_of_loss(loss, owner)
    if by_head == SIGMOID and by_loss == SOFTMAX:
        raise ValueError(
            f'{owner} has a {type(head).__name__}, which predicts with sigmoids, but '
            f'its {type(loss).__name__} trains a softmax: set use_sigmoid=True in '
            'head.loss.'
        )
    kind = by_loss or by_head
    if kind == SOFTMAX and getattr(head, 'num_classes', None) == 1:
        raise ValueError(
            f'{owner} has a {type(head).__name__} with one class and a softmax, which '
            'is always 1. Set use_sigmoid=True in head.loss for a binary decision, or '
            'num_classes=2.'
        )
    return kind


def _kind_of_head(network: nn.Module, head: nn.Module, owner: str) -> str | None:
    """Get the likelihood of a head's prediction, and reject one without classes."""
    if not is_of_package(head, 'mmpretrain'):
        return None
    from mmpretrain.models import heads

    if isinstance(head, heads.MultiTaskHead):
        raise ValueError(
            f'{owner} has a MultiTaskHead, which contains several heads: '
            f'{", ".join(head.task_heads)}. A classroom supports only one. Use a model '
            'with only the head of the task to teach.'
        )
    if isinstance(head, heads.MultiLabelClsHead):
        return SIGMOID
    if isinstance(head, heads.ClsHead) or head is network:
        return SOFTMAX
    raise ValueError(
        f'{owner} ({type(network).__name__}) has a {type(head).__name__}, which does '
        f'not predict the classes of an image. {WHAT_WORKS}'
    )


def _kind_of_loss(loss: nn.Module | None, owner: str) -> str | None:
    """Get the likelihood that a loss trains; None if unknown."""
    if isinstance(loss, (nn.BCEWithLogitsLoss, nn.MultiLabelSoftMarginLoss)):
        return SIGMOID
    if loss is None or not is_of_package(loss, 'mmpretrain'):
        sigmoid = getattr(loss, 'use_sigmoid', None)
        return None if sigmoid is None else _named(sigmoid)
    from mmpretrain.models import losses

    if isinstance(loss, losses.FocalLoss):
        return SIGMOID
    if isinstance(loss, losses.LabelSmoothLoss):
        return _named(loss.ce.use_sigmoid)
    if hasattr(loss, 'use_sigmoid'):
        return _named(loss.use_sigmoid)
    if type(loss).__module__.startswith('mmpretrain.'):
        raise ValueError(
            f'{owner} has a {type(loss).__name__}, which does not compare classes with '
            f'labels. {WHAT_WORKS}'
        )
    return None


def _named(sigmoid: bool) -> str:
    """Convert the option `use_sigmoid` to a likelihood."""
    return SIGMOID if sigmoid else SOFTMAX
