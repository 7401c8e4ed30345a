# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What is said of wrong configs: for a test, and for docs/errors.md.

`python tests/wrong_configs.py` writes the page again.
"""

import copy
import re
import tempfile
import warnings
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from wrong_config_table import CASES, SECTIONS, WHOLE, replaced

PAGE = Path(__file__).resolve().parents[1] / 'docs' / 'errors.md'


# Building ---------------------------------------------------------------------


def good_config() -> dict:
    """A whole run of a tiny classroom, which is right."""
    import tiny_classroom as tiny

    loader = dict(
        batch_size=5,
        dataset=dict(type='tiny_classroom.TinyData'),
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='pseudo_collate'),
    )
    return dict(
        default_scope='mmpretrain',
        model=tiny.classroom_config(distiller={}),
        train_dataloader=loader,
        val_dataloader=copy.deepcopy(loader),
        val_evaluator=dict(type='Accuracy'),
        train_cfg=dict(by_epoch=True, max_epochs=1),
        val_cfg=dict(),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        custom_hooks=[dict(type='mmrazor.ClassroomHook')],
    )


def good_pose_config() -> dict:
    """A classroom of pose models, which is right."""
    import tiny_pose

    return dict(
        model=tiny_pose.pose_classroom(dict(a=tiny_pose.mentor(), b=tiny_pose.mentor()))
    )


@cache
def error_of(number: int, folder: Path) -> Exception | None:
    """Build case `number`, and train up to the first batch; return the error."""
    title, case = CASES[number]
    config = changed(
        good_pose_config() if title == 'Pose' else good_config(), case.change, folder
    )
    # A missing file or package of a mentor is an error when a training starts.
    missing = issubclass(case.error, (OSError, ImportError))
    of_model = all(key.startswith('model.') for key in case.change)
    try:
        with only_of_this_package():
            build(config, of_model and not missing, folder)
    except Exception as error:
        return error
    return None


@contextmanager
def only_of_this_package():
    """Forget the tasks and sources of weights that other tests have registered."""
    from classroomkd_mm.mentors.weights.source import WEIGHT_SOURCES
    from classroomkd_mm.tasks import TASKS

    with ExitStack() as stack:
        for registry in (TASKS, WEIGHT_SOURCES):
            own = {
                name: each
                for name, each in registry.module_dict.items()
                if each.__module__.startswith('classroomkd_mm.')
            }
            stack.enter_context(patch.dict(registry.module_dict, own, clear=True))
        yield


def message_of(error: Exception, folder: Path) -> str:
    """The message, without what differs between machines."""
    text = str(error.args[0]) if isinstance(error, KeyError) else str(error)
    text = ' '.join(text.split()).replace(str(folder), 'FOLDER')
    text = re.sub(r' in <\S+ object at 0x\w+>$', '', text)  # which MMEngine adds
    text = re.sub(r'\b[0-9a-f]{64}\b', '<hash>', text)
    return re.sub(r'/\S*/site-packages/', '…/', text)


def changed(config: dict, change: dict, folder: Path) -> Any:
    """A good config with some options changed."""
    import tiny_classroom as tiny
    import tiny_pose
    from mmengine.config import Config

    named = {
        'STUDENT ALONE': lambda: tiny.net(),
        'CLASSIFIER': lambda: tiny.mentor(),
        'POSE MENTOR': lambda: tiny_pose.mentor(),
        'SIMCC HEAD': lambda: tiny_pose.simcc_head(),
    }

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [fill(item) for item in value]
        if isinstance(value, str):
            if value in named:
                return replaced(named[value]())
            return value.replace('FOLDER', str(folder))
        return value

    config = Config(config)
    config.merge_from_dict(fill(change))
    return config


class Reached(AssertionError):
    """A batch was reached, so the config was not refused."""


def build(config: Any, model_only: bool, folder: Path) -> None:
    """Build the classroom, or the whole run up to the first batch."""
    from mmengine.registry import DefaultScope
    from mmengine.runner import Runner
    from mmrazor.registry import MODELS

    if model_only:
        MODELS.build(config.model)
        return
    DefaultScope._instance_dict.clear()
    build.count += 1
    config.work_dir = str(folder / 'run')
    config.experiment_name = f'wrong_{build.count}'
    with patch.object(Runner, '_log_env'):  # asks all compilers for their versions
        runner = Runner.from_cfg(config)
    runner.model.train_step = reached
    runner.train()


build.count = 0


def reached(*_: Any, **__: Any) -> None:
    raise Reached('a batch was reached')


def write_weights(folder: Path) -> None:
    """Write the files that the cases name."""
    import tiny_classroom as tiny
    import torch

    from classroomkd_mm.networks import build_network

    def weights(channels: int, seed: int = 0) -> dict:
        torch.manual_seed(seed)
        return build_network(tiny.net(channels)).state_dict()

    torch.save(weights(6), folder / 'six.pth')
    torch.save(weights(8), folder / 'eight.pth')
    torch.save(dict(other=torch.ones(3)), folder / 'other.pth')
    torch.save(dict(last=weights(8), ema=weights(8, seed=1)), folder / 'two.pth')
    (folder / 'broken.pth').write_bytes((folder / 'six.pth').read_bytes()[:500])


# The page ---------------------------------------------------------------------

HEAD = """# Errors in configs

How a wrong config is answered, before the first batch. The left column has what is
changed in a config that works, as for `--cfg-options`; its mentors are `a` and `b`, and
`FOLDER` is a folder with checkpoints. Each line is a test
(`tests/reliability/test_wrong_configs.py`), from which this page is written:
`python tests/wrong_configs.py`.
"""


def page(folder: Path) -> str:
    """Write docs/errors.md."""
    lines = [HEAD.rstrip()]
    numbers = iter(range(len(CASES)))
    for title, cases in SECTIONS.items():
        lines += [
            '',
            f'## {title}',
            '',
            '| config | message | remedy |',
            '|---|---|---|',
        ]
        for each, number in zip(cases, numbers, strict=False):
            error = error_of(number, folder)
            said = f'{type(error).__name__}: {message_of(error, folder)}'
            cells = (
                '<br>'.join(shown(each.change)),
                f'`` {said} ``',
                each.remedy,
            )
            lines.append(
                '| ' + ' | '.join(cell.replace('|', '\\|') for cell in cells) + ' |'
            )
    return '\n'.join(lines) + '\n'


def shown(change: dict) -> list[str]:
    """A change of a config, as Python code."""
    return [f'`{key}={code(value)}`' for key, value in change.items()]


def code(value: Any) -> str:
    """A value as it is written in a config."""
    if isinstance(value, dict):
        items = (f'{k}={code(v)}' for k, v in value.items() if k != WHOLE)
        return f'dict({", ".join(items)})'
    if isinstance(value, list) and len(value) > 6:
        return f'[{code(value[0])}, …, {code(value[-1])}]'
    if isinstance(value, list):
        return f'[{", ".join(map(code, value))}]'
    names = ('STUDENT ALONE', 'CLASSIFIER', 'POSE MENTOR', 'SIMCC HEAD')
    return f'<{value.lower()}>' if value in names else repr(value)


def main() -> None:
    """Write the page."""
    warnings.simplefilter('ignore')
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_weights(folder)
        PAGE.write_text(page(folder))


if __name__ == '__main__':
    main()
