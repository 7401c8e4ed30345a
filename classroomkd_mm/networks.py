# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Building networks (students and mentors) from a config, and running them."""

import copy
import inspect
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.model import BaseModel
from mmrazor.registry import MODELS
from torch import Tensor, nn

from .compat import weights_only
from .hub import check_published, get_config


def build_network(cfg: Any, data_preprocessor: Mapping | None = None) -> nn.Module:
    """Build a network from a model config or from a whole config file.

    Args:
        cfg (dict | nn.Module): See :func:`network_config`; a built network is
            returned unchanged.
        data_preprocessor (Mapping, optional): Overrides entries of the network's own
            data preprocessor. Ignored for a plain ``nn.Module``, which has none.

    Returns:
        nn.Module: The network. Its weights are not loaded.

    Raises:
        TypeError: If ``cfg`` has another type or form.
        FileNotFoundError: If the config file does not exist.
    """
    if isinstance(cfg, nn.Module):
        return cfg
    model = network_config(cfg)
    if data_preprocessor and _is_openmmlab(model):
        model = network_config(model, data_preprocessor)
    with weights_only():  # some networks load weights when they are built
        return MODELS.build(model)


def network_config(
    cfg: Mapping[str, Any], data_preprocessor: Mapping | None = None
) -> dict[str, Any]:
    """Resolve the description of a network to a complete model config.

    Args:
        cfg (Mapping): A model config (``type='mmpretrain.…'``), or a dict with
            ``cfg_path``, the path of a config file or ``package::path``. In the second
            case the ``model`` of that config is used, and the other keys of ``cfg`` are
            merged into it; ``pretrained=True`` loads the weights published for it.
        data_preprocessor (Mapping, optional): Overrides entries of the network's own
            data preprocessor.

    Returns:
        dict: A model config with its data preprocessor and scope.

    Raises:
        TypeError: If ``cfg`` has another type or form.
        ValueError: If ``pretrained=True`` and no weights are published for the config.
        FileNotFoundError: If the config file does not exist.
        ModuleNotFoundError: If the package is unknown or not installed.
    """
    if not isinstance(cfg, Mapping) or not ('type' in cfg or 'cfg_path' in cfg):
        raise TypeError(
            'A network must be a model config with `type`, a dict with `cfg_path`, or '
            f'a built nn.Module, but got {cfg!r}.'
        )
    model = copy.deepcopy(dict(cfg))
    if 'cfg_path' in model:
        model = _model_of_file(model.pop('cfg_path'), model)
    scope, _, _ = str(model['type']).rpartition('.')
    if scope and '.' not in scope and _has_registry(scope):
        # Resolve the parts of 'mmpretrain.ImageClassifier' in MMPretrain's registry.
        model.setdefault('_scope_', scope)
    if data_preprocessor:
        own = model.get('data_preprocessor') or {}
        model['data_preprocessor'] = {**own, **data_preprocessor}
    return model


def model_of(cfg: Config) -> dict[str, Any]:
    """Take the model out of a whole config, as the Runner does.

    Args:
        cfg (Config): A whole config.

    Returns:
        dict: Its ``model``, with the ``data_preprocessor`` that stands beside it, if
        it has none of its own.
    """
    model = cfg.model.to_dict()
    if cfg.get('data_preprocessor') is not None:
        model.setdefault('data_preprocessor', cfg.data_preprocessor.to_dict())
    return model


def run_network(network: nn.Module, inputs: Tensor) -> Any:
    """Run an OpenMMLab model, or a plain module that maps images to logits.

    Args:
        network (nn.Module): The network.
        inputs (Tensor): Images normalised for the network, (N, C, H, W).

    Returns:
        Any: The output of the network.
    """
    if isinstance(network, BaseModel):
        return network(inputs, None, mode='tensor')
    return network(inputs)


def is_of_package(network: nn.Module, package: str) -> bool:
    """Whether a package defines a network's class, without importing the package.

    Args:
        network (nn.Module): Any network.
        package (str): Name of the package, such as 'mmpose'.

    Returns:
        bool: Whether the package defines its class or one of the base classes.
    """
    bases = type(network).__mro__
    return any(base.__module__.startswith(f'{package}.') for base in bases)


def network_class(model: Mapping[str, Any]) -> Any:
    """Find what a model config builds.

    Args:
        model (Mapping): A model config.

    Returns:
        type | Callable | None: A class or function; None if it is not registered.
    """
    kind = model['type']
    if isinstance(kind, str):
        with MODELS.switch_scope_and_registry(model.get('_scope_')) as registry:
            kind = registry.get(kind)
    return kind


def _is_openmmlab(model: Mapping[str, Any]) -> bool:
    """Tell whether a model config builds one of OpenMMLab's models."""
    kind = network_class(model)
    return inspect.isclass(kind) and issubclass(kind, BaseModel)


def _has_registry(package: str) -> bool:
    """Whether a package is an OpenMMLab scope, not just the module of a class."""
    try:
        return find_spec(f'{package}.registry') is not None
    except ModuleNotFoundError:
        return False


def _model_of_file(cfg_path: str, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Extract the model, with data preprocessor and scope, from a config file."""
    package = cfg_path.split('::')[0] if '::' in cfg_path else None
    overrides = dict(overrides)
    pretrained = bool(overrides.pop('pretrained', False))
    if pretrained:
        check_published(cfg_path, "init_cfg=dict(type='Pretrained', checkpoint=…)")
    if package is None:
        if not Path(cfg_path).is_file():
            raise FileNotFoundError(
                f'cfg_path={cfg_path!r} does not exist. Give the path of a config '
                'file, or package::path.'
            )
        cfg = Config.fromfile(cfg_path)
    else:
        cfg = get_config(cfg_path, pretrained)
    if pretrained:
        init_cfg = dict(type='Pretrained', checkpoint=cfg.model_path)
        overrides = {'init_cfg': init_cfg, **overrides}
    cfg.merge_from_dict({'model': overrides})
    model = model_of(cfg)
    model.setdefault('_scope_', cfg.get('default_scope') or package)
    return model
