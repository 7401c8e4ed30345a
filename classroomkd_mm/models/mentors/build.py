# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Building the mentors that a config names."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from mmengine.logging import print_log
from torch import nn

from ...hub import get_config
from ...mentors.weights.fitting import load_weights
from ...mentors.weights.search import find_weights
from ...options import check_options
from ..build import build_network
from .checkpoint import convert_if_published, read_checkpoint
from .classes import build_class_aligner
from .inputs import InputAdapter, normalization_of
from .mentor import Mentor
from .mentors import Mentors
from .origins import check_wrapper, own_weights, torchvision_preprocessor
from .pose_alignment import build_aligner
from .pose_inputs import build_pose_adapter

MENTOR_OPTIONS = (
    'cfg_path', 'model', 'ckpt', 'ckpt_key', 'pretrained', 'input_size',
    'data_preprocessor', 'class_map', 'keypoint_map',
)  # fmt: skip


def build_mentors(mentors: Mapping[str, Any], student: nn.Module) -> Mentors:
    """Build the mentors that a config names.

    Args:
        mentors (Mapping[str, Any]): By name, a dict with the network, ``cfg_path``
            or ``model``, and its weights, ``ckpt`` (path, URL, or None to say
            that random weights are meant) or ``pretrained=True`` (those that
            OpenMMLab published for ``cfg_path``); optionally ``ckpt_key`` (where in
            the file the weights are, if it holds several that fit), ``input_size``
            (int or (height, width), pixels) and ``data_preprocessor`` (mean, std,
            to_rgb that differ from the network's own, or that a plain ``nn.Module``
            needs), ``class_map`` (for each class of the student the number of the
            mentor's) and for a pose model ``keypoint_map`` (for each key point of the
            student the number of the mentor's, or None). ``model`` may name any class
            or function by its import path; ``torchvision.models.…`` with ``weights``,
            and MMPretrain's TimmClassifier and HuggingFaceClassifier with
            ``pretrained=True``, bring their weights. Or a built ``nn.Module``. A name
            with the value None is left out.
        student (nn.Module): The student, whose batches the mentors will see.

    Returns:
        Mentors: All of them, frozen.

    Raises:
        TypeError: If a mentor is not described as above.
        ValueError: If there is none, or what is said of one cannot be.
        FileNotFoundError: If a config or checkpoint does not exist.
        ImportError: If timm or transformers is needed, and not installed.
    """
    if not isinstance(mentors, Mapping):
        raise TypeError(
            'mentors must be a dict of name=dict(cfg_path=…, ckpt=…), but got '
            f'{type(mentors).__name__}.'
        )
    chosen = {name: cfg for name, cfg in mentors.items() if cfg is not None}
    if not chosen:
        raise ValueError(
            'The classroom has no mentors: add one to `mentors`, for instance '
            "resnet50=dict(cfg_path='mmpretrain::resnet/resnet50_8xb32_in1k.py', "
            'pretrained=True).'
        )
    return Mentors([build_mentor(name, cfg, student) for name, cfg in chosen.items()])


def build_mentor(name: str, cfg: Any, student: nn.Module) -> Mentor:
    """Build one mentor; see :func:`build_mentors`.

    Args:
        name (str): Its name.
        cfg (dict | nn.Module): What the config says of it.
        student (nn.Module): The student.

    Returns:
        Mentor: The mentor, frozen.

    Raises:
        TypeError: If it is described wrongly.
        ValueError: If what is said of it cannot be.
        FileNotFoundError: If its config or checkpoint does not exist.
        ImportError: If it needs timm or transformers, and that is not installed.
    """
    if isinstance(cfg, nn.Module):
        cfg, network, source = {}, cfg, f'built {type(cfg).__name__}'
    else:
        _check_mentor_options(name, cfg)
        network = _build_network(name, cfg)
        source = _load(name, cfg, network)
    size = _input_size(name, cfg.get('input_size'))
    classes = build_class_aligner(name, network, student, cfg.get('class_map'), size)
    pose = build_aligner(name, network, student, cfg.get('keypoint_map'))
    normalizations = (
        normalization_of(getattr(student, 'data_preprocessor', None)),
        normalization_of(
            getattr(network, 'data_preprocessor', _plain_preprocessor(cfg))
        ),
    )
    if pose is None:
        adapter = InputAdapter(*normalizations, size)
    else:
        adapter = build_pose_adapter(name, *normalizations, size, pose)
    return Mentor(name, network, adapter, source, pose or classes)


def _check_mentor_options(name: str, cfg: Any) -> None:
    """Refuse a mentor that is not described by the options that exist."""
    if not isinstance(cfg, Mapping):
        raise TypeError(
            f'Mentor {name!r} must be a dict or a built nn.Module, but got {cfg!r}.'
        )
    check_options(f'Mentor {name!r}', cfg, MENTOR_OPTIONS)
    if ('cfg_path' in cfg) == ('model' in cfg):
        raise ValueError(
            f'Mentor {name!r} needs either `cfg_path` (a config) or `model` (a model '
            f'config), but has {"both" if "model" in cfg else "none of the two"}.'
        )
    check_wrapper(name, _model_config(cfg), cfg.get('data_preprocessor'))
    if 'ckpt' in cfg and cfg.get('pretrained'):
        raise ValueError(f'Mentor {name!r} has `ckpt` and `pretrained`: give one.')
    if not isinstance(cfg.get('ckpt'), str | PathLike | None):
        raise TypeError(
            f'Mentor {name!r}: ckpt must be a path or a URL, but got {cfg["ckpt"]!r}. '
            'On the command line a comma makes a list of the value, unless it is '
            'quoted or the path of an existing file.'
        )
    if cfg.get('ckpt_key') is not None and cfg.get('ckpt') is None:
        raise ValueError(
            f'Mentor {name!r}: ckpt_key says where in the file `ckpt` its weights are, '
            'but there is no such file. Add ckpt, or leave out ckpt_key.'
        )
    if cfg.get('pretrained') and '::' not in str(cfg.get('cfg_path')):
        raise ValueError(
            f'Mentor {name!r}: `pretrained=True` finds the weights that OpenMMLab '
            "published for a config 'package::path'; give `ckpt` here."
        )
    if not ('ckpt' in cfg or cfg.get('pretrained') or own_weights(_model_config(cfg))):
        raise ValueError(
            f'Mentor {name!r} has no weights: add ckpt=<path or URL>, or '
            'pretrained=True for the published ones. To use random weights on '
            'purpose, say ckpt=None.'
        )


def _build_network(name: str, cfg: Mapping) -> nn.Module:
    """Build a mentor's network, and say whose it is if that fails."""
    try:
        return build_network(
            cfg['model'] if 'model' in cfg else {'cfg_path': cfg['cfg_path']},
            cfg.get('data_preprocessor'),
        )
    except Exception as error:
        kinds = (FileNotFoundError, ImportError, KeyError, TypeError)
        kind = next((kind for kind in kinds if isinstance(error, kind)), ValueError)
        raise kind(
            f'Mentor {name!r}: its network cannot be built, correct its '
            f'{"model" if "model" in cfg else "cfg_path"}. {error}'
        ) from error


def _load(name: str, cfg: Mapping, network: nn.Module) -> str:
    """Load a mentor's weights and tell where they are from."""
    model = cfg.get('cfg_path') or type(network).__name__
    ckpt = cfg.get('ckpt')
    if cfg.get('pretrained'):
        ckpt = _published_url(name, cfg['cfg_path'])
    own = own_weights(_model_config(cfg))
    if ckpt is None and own:
        return f'{cfg["model"]["type"]}, {own}'
    if ckpt is None:
        print_log(
            f'Mentor {name!r} has random weights, as ckpt=None asks: it will teach '
            'nothing of worth.',
            logger='current',
            level=30,
        )
        return f'{model}, random weights'
    checkpoint = read_checkpoint(str(ckpt), name)
    found = find_weights(checkpoint, network, name, str(ckpt), cfg.get('ckpt_key'))
    weights, published = convert_if_published(found.weights, network, name, str(ckpt))
    hint = f'The weights compared are those under {found.key!r}.' if found.key else ''
    if published:
        configured = cfg.get('cfg_path') or _model_config(cfg).get('backbone') or model
        hint = f'It is a published {published}, the mentor is configured as '
        hint += f'{configured}.'
    load_weights(network, weights, name, str(ckpt), hint)
    return f'{model}, {ckpt}'


def _published_url(name: str, cfg_path: str) -> str:
    """Where OpenMMLab published the weights of a config."""
    try:
        return get_config(cfg_path, pretrained=True).model_path
    except ValueError as error:
        raise ValueError(f'Mentor {name!r}: {error}') from error


def _plain_preprocessor(cfg: Mapping) -> Mapping | None:
    """How images are normalised for a network that does not tell itself."""
    known = torchvision_preprocessor(_model_config(cfg)) or {}
    return {**known, **(cfg.get('data_preprocessor') or {})} or None


def _model_config(cfg: Mapping) -> Mapping:
    """The option `model`; {} if it is left out or a built network."""
    model = cfg.get('model')
    return model if isinstance(model, Mapping) else {}


def _input_size(name: str, size: Any) -> tuple[int, int] | None:
    """Read the option input_size."""
    if size is None:
        return None
    pair = tuple(size) if isinstance(size, Sequence) else (size, size)
    if len(pair) != 2 or not all(isinstance(x, int) and x > 0 for x in pair):
        raise ValueError(
            f'Mentor {name!r}: input_size must be a positive int or (height, width) '
            f'in pixels, but got {size!r}.'
        )
    return pair
