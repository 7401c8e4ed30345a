# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Mentors from other libraries, which load their own weights.

Their `model` is `torchvision.models.<builder>` with `weights`, or MMPretrain's
TimmClassifier or HuggingFaceClassifier with `pretrained`.
"""

import difflib
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from torch import nn

from ..spec import MentorSpec
from .source import WEIGHT_SOURCES, WeightSource

TORCHVISION = 'torchvision.models.'
# The wrapped package and its pip requirement, as in requirements/optional.txt.
WRAPPERS = dict(
    TimmClassifier=('timm', 'timm>=0.9'),
    HuggingFaceClassifier=('transformers', 'transformers'),
)


@WEIGHT_SOURCES.register_module(name='library')
class LibrarySource(WeightSource):
    """Weights that a network from another library loads when it is built."""

    options = ('model',)

    def claims(self, cfg: Mapping[str, Any]) -> bool:
        """Whether the network loads its own weights, and no file replaces them.

        Args:
            cfg (Mapping): The mentor's config.

        Returns:
            bool: Whether ``model`` names weights and ``ckpt`` is not set.
        """
        return cfg.get('ckpt') is None and own_weights(cfg.get('model')) is not None

    def check(self, mentor: str, cfg: Mapping[str, Any]) -> None:
        """Reject weights that torchvision does not publish for the network.

        Args:
            mentor (str): The mentor's name.
            cfg (Mapping): Its config.

        Raises:
            ValueError: If torchvision has no such weights.
        """
        model = cfg['model']
        kind, weights = str(model.get('type')), model.get('weights')
        if not kind.startswith(TORCHVISION) or not isinstance(weights, str):
            return
        from torchvision.models import get_model_weights, list_models

        name = kind.rpartition('.')[2]
        if name not in list_models() or weights == 'DEFAULT':
            return  # an unknown network is refused when it is built
        known = [each.name for each in get_model_weights(name)]
        if weights.rpartition('.')[2] not in known:
            close = difflib.get_close_matches(weights, known, n=1)
            hint = f' Did you mean {close[0]!r}?' if close else ''
            raise ValueError(
                f'Mentor {mentor!r}: torchvision publishes no weights {weights!r} for '
                f'{name}.{hint} It has: {", ".join(known) or "none"}.'
            )

    def load(self, mentor: MentorSpec, network: nn.Module) -> str:
        """Return the weights that the network has loaded.

        Args:
            mentor (MentorSpec): The mentor.
            network (nn.Module): Its network.

        Returns:
            str: The name of the weights.
        """
        return own_weights(mentor.network)

    def preprocessor(self, model: Mapping[str, Any]) -> dict[str, Any] | None:
        """Look up the image normalisation of torchvision's published weights.

        Args:
            model (Mapping): The mentor's option ``model``.

        Returns:
            dict | None: mean, std (for values from 0 to 255) and to_rgb; None if
            ``model`` does not name torchvision weights.
        """
        kind = str(model.get('type'))
        if not kind.startswith(TORCHVISION) or not model.get('weights'):
            return None
        from torchvision.models import get_model_weights

        weights = get_model_weights(kind.rpartition('.')[2]).verify(model['weights'])
        transforms = weights.transforms()
        return dict(
            mean=[255 * value for value in transforms.mean],
            std=[255 * value for value in transforms.std],
            to_rgb=True,
        )


def own_weights(model: Any) -> str | None:
    """Name the weights that a model config loads by itself.

    Args:
        model (Any): The mentor's option `model`.

    Returns:
        str | None: The name of the weights, or None if it loads none.
    """
    if not isinstance(model, Mapping):
        return None
    kind = str(model.get('type'))
    if kind.startswith(TORCHVISION) and model.get('weights'):
        return str(model['weights'])
    if _is_wrapper(model) and model.get('pretrained'):
        return f'published weights of {model.get("model_name")}'
    return None


def check_wrapper(
    name: str, model: Mapping[str, Any], data_preprocessor: Mapping | None
) -> None:
    """Reject a timm or Hugging Face network that would not work.

    Args:
        name (str): The mentor's name.
        model (Mapping[str, Any]): Its option `model`.
        data_preprocessor (Mapping, optional): Its option `data_preprocessor`.

    Raises:
        ValueError: If the normalisation or the channel order of its images is not
            specified.
        ImportError: If the wrapped package is not installed.
    """
    if not _is_wrapper(model):
        return
    given = {**(model.get('data_preprocessor') or {}), **(data_preprocessor or {})}
    missing = [option for option in ('mean', 'std', 'to_rgb') if option not in given]
    if missing:
        raise ValueError(
            f'Mentor {name!r}: {model["type"]} does not specify how its images are '
            f'normalised; missing: {", ".join(missing)}. Add '
            'data_preprocessor=dict(mean=…, std=…, to_rgb=True), for values from 0 to '
            '255; use to_rgb=False if the dataset gives RGB images, as CIFAR does.'
        )
    package, wanted = WRAPPERS[_class_name(model)]
    if find_spec(package) is None:
        raise ImportError(
            f'Mentor {name!r}: {model["type"]} needs {package}, which is not '
            f"installed: pip install '{wanted}'."
        )


def _is_wrapper(model: Mapping[str, Any]) -> bool:
    """Whether a model config is a timm or Hugging Face network."""
    return _class_name(model) in WRAPPERS


def _class_name(model: Mapping[str, Any]) -> str:
    """Type of a model config, without its scope."""
    return str(model.get('type')).rpartition('.')[2]
