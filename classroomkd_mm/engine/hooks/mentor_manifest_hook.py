# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmrazor.registry import HOOKS

from ...fingerprints import describe, differences
from .classroom_model import classroom_of

SHOWN = 5
PARTS = dict(input='input', output='class or keypoint map')
"""What a mentor has besides its weights, and how it is called in messages."""


@HOOKS.register_module()
class MentorManifestHook(Hook):
    """Record the mentors in each checkpoint, and compare them when resuming.

    The hook adds a manifest to each checkpoint: of every mentor, in order, its name,
    the source and SHA-256 of its weights, how its input is made and how its classes or
    keypoints are mapped. A run is not resumed with other mentors, in another order, or
    with one more or fewer, unless the option says so; then a warning names the changes.
    :class:`ClassroomHook` registers this hook if the config does not list it.

    Source: docs/architecture.md, promise 1.

    Args:
        allow_other_mentors (bool): Whether to resume even if the mentors have changed.
            Defaults to False.

    Examples:
        >>> custom_hooks = [
        ...     dict(type='mmrazor.ClassroomHook'),
        ...     dict(type='mmrazor.MentorManifestHook', allow_other_mentors=True),
        ... ]
    """

    # After MentorDatasetHook, which may map the classes.
    priority = 'BELOW_NORMAL'

    def __init__(self, allow_other_mentors: bool = False) -> None:
        self.allow_other_mentors = allow_other_mentors
        self._manifest: dict | None = None
        self._saved: dict | None = None

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the manifest of the mentors to a checkpoint.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): The checkpoint to save.
        """
        checkpoint['meta']['mentors'] = self._mentors_manifest(runner)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Read the manifest of a run that is resumed.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): The loaded checkpoint.
        """
        if runner._resume:
            self._saved = checkpoint.get('meta', {}).get('mentors')

    def before_train(self, runner: Runner) -> None:
        """Compare the mentors with those of the run that is resumed.

        Args:
            runner (Runner): The runner.

        Raises:
            ValueError: If they have changed, and must not.
        """
        if not self._saved:
            return
        found = '; '.join(changes(self._saved, self._mentors_manifest(runner)))
        if not found:
            return
        if not self.allow_other_mentors:
            raise ValueError(
                f'The run to resume had another classroom: {found}. Restore it, start '
                'a new run in another work dir, or add '
                "dict(type='mmrazor.MentorManifestHook', allow_other_mentors=True) to "
                'custom_hooks to go on with this one.'
            )
        runner.logger.warning(
            f'The run is resumed with another classroom: {found}. '
            'MentorManifestHook(allow_other_mentors=True) allows it.'
        )

    def _mentors_manifest(self, runner: Runner) -> dict:
        """Compute the manifest once, since mentors never change in a run."""
        if self._manifest is None:
            manifest = classroom_of(runner, self).mentors.manifest()
            self._manifest = {name: describe(one) for name, one in manifest.items()}
        return self._manifest


def changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """List what has changed between two manifests.

    Args:
        then (Mapping): Of the checkpoint; one of an earlier version has less in it.
        now (Mapping): Of the classroom.

    Yields:
        str: A change, with the name of the mentor.
    """
    yield from (f'mentor {name!r} is not there now' for name in then if name not in now)
    yield from (f'mentor {name!r} was not there' for name in now if name not in then)
    orders = [
        [name for name in one if name in then and name in now] for one in (then, now)
    ]
    if orders[0] != orders[1]:
        yield f'the order of the mentors was {orders[0]}, now it is {orders[1]}'
    for name in orders[1]:
        yield from _changes_of(f'mentor {name!r}', then[name], now[name])


def _changes_of(
    mentor: str, then: Mapping[str, Any], now: Mapping[str, Any]
) -> Iterator[str]:
    """List what has changed of one mentor."""
    if then['sha256'] != now['sha256']:
        yield (
            f'{mentor} had other weights, from {then["source"]!r} (SHA-256 '
            f'{then["sha256"][:12]}…), now they are from {now["source"]!r} '
            f'({now["sha256"][:12]}…)'
        )
    for part, title in PARTS.items():
        if then.get(part) is None or now.get(part) is None:
            continue
        found = differences(then[part], now[part])
        if found:
            more = f' and {len(found) - SHOWN} more' if len(found) > SHOWN else ''
            yield f'{mentor} had another {title} ({", ".join(found[:SHOWN])}{more})'
