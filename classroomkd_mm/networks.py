# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Networks, students or mentors: building them from a config, and running them."""

import copy
import inspect
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from mmengine.config import Config
from mmengine.model import BaseModel
from mmrazor.registry import MODELS
from torch import Tensor, nn

from .hub import get_config


def build_network(cfg: Any, data_preprocessor: Mapping | None = None) -> nn.Module:
    """Build a network from a model config or from a whole config file.

    Args:
        cfg (dict | nn.Module): See :func:`network_config`; a built network is
            returned as it is.
        data_preprocessor (Mapping, optional): Merged over the network's own; a
            plain ``nn.Module`` has none and is built without.

    Returns:
        nn.Module: The network, its weights not loaded.

    Raises:
        TypeError: If it is none of these.
        FileNotFoundError: If there is no such config.
    """
    if isinstance(cfg, nn.Module):
        return cfg
    model = network_config(cfg)
    if data_preprocessor and _is_openmmlab(model):
        model = network_config(model, data_preprocessor)
    return MODELS.build(model)


def network_config(
    cfg: Mapping[str, Any], data_preprocessor: Mapping | None = None
) -> dict[str, Any]:
    """Bring what a config says of a network into the form of a model config.

    Args:
        cfg (Mapping): A model config (``type='mmpretrain.…'``), or ``cfg_path``
            with a config's path or its ``package::path``, whose ``model`` is taken
            and the further keys of ``cfg`` merged into it; ``pretrained=True``
            starts from the weights that were published for it.
        data_preprocessor (Mapping, optional): Merged over the network's own.

    Returns:
        dict: A model config with its data preprocessor and scope.

    Raises:
        TypeError: If it is none of these.
        ValueError: If it asks for published weights of a config that has none.
        FileNotFoundError: If there is no such config.
        ModuleNotFoundError: If there is no such package.
    """
    if not isinstance(cfg, Mapping) or not ('type' in cfg or 'cfg_path' in cfg):
        raise TypeError(
            'A network is a model config with `type`, a dict with `cfg_path`, or a '
            f'built nn.Module, but got {cfg!r}.'
        )
    model = copy.deepcopy(dict(cfg))
    if 'cfg_path' in model:
        model = _model_of_file(model.pop('cfg_path'), model)
    scope, _, _ = str(model['type']).rpartition('.')
    if scope and '.' not in scope and _has_registry(scope):
        # Let the parts of 'mmpretrain.ImageClassifier' be found in MMPretrain.
        model.setdefault('_scope_', scope)
    if data_preprocessor:
        own = model.get('data_preprocessor') or {}
        model['data_preprocessor'] = {**own, **data_preprocessor}
    return model


def run_network(network: nn.Module, inputs: Tensor) -> Any:
    """Run a network of OpenMMLab, or any other that maps images to logits.

    Args:
        network (nn.Module): The network.
        inputs (Tensor): Images normalised for it, (N, C, H, W).

    Returns:
        Any: What it gives.
    """
    if isinstance(network, BaseModel):
        return network(inputs, None, mode='tensor')
    return network(inputs)


def is_of_package(network: nn.Module, package: str) -> bool:
    """Tell whether a network is a package's, without importing the package.

    Args:
        network (nn.Module): Any network.
        package (str): Such as 'mmpose'.

    Returns:
        bool: Whether its class, or one that it inherits from, is the package's.
    """
    bases = type(network).__mro__
    return any(base.__module__.startswith(f'{package}.') for base in bases)


def _is_openmmlab(model: Mapping[str, Any]) -> bool:
    """Tell whether a model config builds one of OpenMMLab's models."""
    kind = model['type']
    if isinstance(kind, str):
        with MODELS.switch_scope_and_registry(model.get('_scope_')) as registry:
            kind = registry.get(kind)
    return inspect.isclass(kind) and issubclass(kind, BaseModel)


def _has_registry(package: str) -> bool:
    """Tell a scope of OpenMMLab from any other package that holds a class."""
    try:
        return find_spec(f'{package}.registry') is not None
    except ModuleNotFoundError:
        return False


def _model_of_file(cfg_path: str, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Take the model, with data preprocessor and scope, out of a config file."""
    package = cfg_path.split('::')[0] if '::' in cfg_path else None
    overrides = dict(overrides)
    pretrained = bool(overrides.pop('pretrained', False))
    if pretrained and package is None:
        raise ValueError(
            f'pretrained=True finds the weights published for a package::path, not for '
            f"{cfg_path!r}: give init_cfg=dict(type='Pretrained', checkpoint=…)."
        )
    if package is None:
        cfg = Config.fromfile(cfg_path)
    else:
        cfg = get_config(cfg_path, pretrained)
    if pretrained:
        init_cfg = dict(type='Pretrained', checkpoint=cfg.model_path)
        overrides = {'init_cfg': init_cfg, **overrides}
    cfg.merge_from_dict({'model': overrides})
    model = cfg.model.to_dict()
    if 'data_preprocessor' in cfg:
        model.setdefault('data_preprocessor', cfg.data_preprocessor.to_dict())
    model.setdefault('_scope_', cfg.get('default_scope') or package)
    return model
