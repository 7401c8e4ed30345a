# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmrazor.registry import HOOKS

from .classroom_model import classroom_of


@HOOKS.register_module()
class MentorManifestHook(Hook):
    """Record the mentors in each checkpoint, and check them when resuming.

    The hook adds a manifest to each checkpoint: name, source and SHA-256 of the weights
    of every mentor. It refuses to resume a run if a mentor of the same name has other
    weights. :class:`ClassroomHook` registers this hook if the config does not list it.

    Source: docs/architecture.md, promise 1.

    Args:
        allow_other_mentors (bool): Whether to resume even if the weights of a mentor
            changed. Defaults to False.

    Examples:
        >>> custom_hooks = [
        ...     dict(type='mmrazor.ClassroomHook'),
        ...     dict(type='mmrazor.MentorManifestHook', allow_other_mentors=True),
        ... ]
    """

    priority = 'NORMAL'

    def __init__(self, allow_other_mentors: bool = False) -> None:
        self.allow_other_mentors = allow_other_mentors
        self._manifest: dict | None = None

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the manifest of the mentors to a checkpoint.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): The checkpoint to save.
        """
        checkpoint['meta']['mentors'] = self._mentors_manifest(runner)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Refuse to resume with other mentors under the same names.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): The loaded checkpoint.

        Raises:
            ValueError: If the weights of a mentor differ from those of the run to
                resume.
        """
        saved = checkpoint.get('meta', {}).get('mentors')
        if not runner._resume or not saved or self.allow_other_mentors:
            return
        for name, now in self._mentors_manifest(runner).items():
            then = saved.get(name)
            if then and then['sha256'] != now['sha256']:
                raise ValueError(
                    f'The run to resume had another mentor {name!r}: its weights '
                    f'were from {then["source"]!r} (SHA-256 {then["sha256"][:12]}…), '
                    f'now they are from {now["source"]!r} ({now["sha256"][:12]}…). '
                    'Restore them, start a new run in another work dir, or add '
                    "dict(type='mmrazor.MentorManifestHook', allow_other_mentors=True) "
                    'to custom_hooks.'
                )

    def _mentors_manifest(self, runner: Runner) -> dict:
        """Compute the manifest once, since mentors never change."""
        if self._manifest is None:
            self._manifest = classroom_of(runner, self).mentors.manifest()
        return self._manifest
