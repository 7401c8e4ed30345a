# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from ...datasets.seeded_views import CACHE_FIELD, CachedView
from ...tasks import Task
from ..mentor import Mentor, plain_values
from .cache import MentorCache
from .entry_form import EntryForm
from .store import Store


class CachedMentor:
    """A mentor whose outputs are read from a cache, and run only for what is missing.

    It stands where a :class:`~classroomkd_mm.mentors.Mentor` does. With a complete
    cache there is no network. What has just been computed is used as it is stored, so
    that a run that fills a cache and one that reads it are the same.

    Args:
        cache (MentorCache): The cache.
        identity (Mapping): What :func:`mentor_identity` says of the mentor.
        store (Store, optional): Its entries, if there are any.
        mentor (Mentor, optional): The mentor; not needed if the store is complete.
        every (int): It teaches at every so many iterations. Defaults to 1.

    Raises:
        ValueError: If the entries are of other weights.
    """

    def __init__(
        self,
        cache: MentorCache,
        identity: Mapping[str, Any],
        store: Store | None,
        mentor: Mentor | None,
        every: int = 1,
    ) -> None:
        self.name = identity['name']
        self.every = every
        self.store = store
        self._cache = cache
        self._identity = identity
        self._mentor = mentor
        if mentor is not None and store is not None:
            self._check_weights(store.manifest['sha256'], mentor.fingerprint())

    @property
    def source(self) -> str:
        """str: Where network and weights are from."""
        return self._mentor.source if self._mentor else self.store.manifest['source']

    @property
    def network(self) -> nn.Module:
        """nn.Module: The network.

        Raises:
            ValueError: If something inside of it is asked for: only outputs are
                cached.
        """
        raise ValueError(
            f'Mentor {self.name!r} has its outputs cached, but nothing from inside of '
            'its network: remove mentor_recorders, or mentor_cache.'
        )

    @property
    def aligner(self) -> Any:
        """Any: The aligner of the mentor, or what it had in its buffers."""
        return self._mentor.aligner if self._mentor else self._stored_aligner()

    def fingerprint(self) -> str:
        """Identify the weights.

        Returns:
            str: SHA-256 in hexadecimal.
        """
        return (
            self._mentor.fingerprint()
            if self._mentor
            else self.store.manifest['sha256']
        )

    def description(self) -> dict[str, Any]:
        """Describe the mentor for a checkpoint.

        Returns:
            dict: As for :class:`~classroomkd_mm.mentors.Mentor`.
        """
        if self._mentor is not None:
            return self._mentor.description()
        aligner = self.store.aligner()
        return dict(
            source=self.source,
            sha256=self.fingerprint(),
            input=self.store.manifest.get('input'),
            output={name: plain_values(value) for name, value in aligner.items()},
        )

    def size_warning(self) -> str | None:
        """Compare the images that it saw with those that it was built for.

        Returns:
            str | None: A warning if their size differs; None also if it is not built.
        """
        return self._mentor.size_warning() if self._mentor else None

    def check_against_data(
        self, task: Task, student: nn.Module, metainfo: Mapping[str, Any]
    ) -> None:
        """Refuse names in the data set that call for a map, unless the config has it.

        Args:
            task (Task): The student's.
            student (nn.Module): The student.
            metainfo (Mapping): What the data set says of itself.

        Raises:
            ValueError: If they do, or contradict those in the mentor's checkpoint.
        """
        if self._mentor is not None:
            check_names(self._mentor, task, student, metainfo)

    def prepare(
        self,
        num_entries: int,
        inputs: Tensor,
        data_samples: Sequence[BaseDataElement],
    ) -> None:
        """Make room for the entries, if there is none.

        Args:
            num_entries (int): The number of samples times views.
            inputs (Tensor): A batch as in training, from which the form of the
                outputs is learned.
            data_samples (Sequence[BaseDataElement]): Its samples.

        Raises:
            OSError: If the disk is full or read-only.
            ValueError: If the output cannot be cached as the config says.
        """
        if self.store is None:
            output = self._run(inputs, data_samples)
            form = EntryForm.of(output, self._cache.options, self.name)
            form.pack(output, self.name)
            folder = self._cache.folder(self._identity)
            aligner = self.aligner.state_dict() if self.aligner is not None else {}
            manifest = dict(
                identity=self._identity,
                source=self.source,
                sha256=self.fingerprint(),
                input=self._mentor.description()['input'],
            )
            self.store = Store.create(folder, form, num_entries, manifest, aligner)
            self._check_weights(self.store.manifest['sha256'], self.fingerprint())
        if self.store.num_entries != num_entries:
            raise ValueError(
                f'{self.store.folder} has {self.store.num_entries} entries, but the '
                f'data set needs {num_entries}. Delete this folder; its mentor is then '
                'run again.'
            )

    def release(self) -> None:
        """Let go of the network when all entries are there."""
        if self._mentor is not None and self.store is not None and self.store.complete:
            self._mentor = None

    def __call__(
        self, inputs: Tensor, data_samples: Sequence[BaseDataElement] | None = None
    ) -> Any:
        """Read the outputs for a batch; compute and store those that are missing.

        Args:
            inputs (Tensor): The student's normalised images, (N, C, H, W).
            data_samples (Sequence[BaseDataElement]): N samples from SeededViews.

        Returns:
            Any: As the mentor's own output, float32.

        Raises:
            ValueError: If the samples do not say which entries they have.
        """
        views = self._views(data_samples)
        outputs = [view.outputs.get(self.name) for view in views]
        if None in outputs:
            self._complete(outputs, views, inputs, data_samples)
        return self.store.form.unpack(outputs, inputs.device)

    def _apply(self, function: Callable[[Tensor], Tensor]) -> None:
        """Move or convert the network, as ``nn.Module.to`` does."""
        if self._mentor is not None:
            self._mentor._apply(function)

    def _views(
        self, data_samples: Sequence[BaseDataElement] | None
    ) -> list[CachedView]:
        """What the data set says of the samples of a batch."""
        if self.store is None or not data_samples or CACHE_FIELD not in data_samples[0]:
            raise ValueError(
                'The classroom has a mentor_cache, but the data set does not tell its '
                "views: add dict(type='mmrazor.ClassroomHook') to custom_hooks."
            )
        return [sample.get(CACHE_FIELD) for sample in data_samples]

    def _complete(
        self,
        outputs: list[bytes | None],
        views: Sequence[CachedView],
        inputs: Tensor,
        data_samples: Sequence[BaseDataElement],
    ) -> None:
        """Put in what the worker did not find, computed unless it is there by now."""
        for i, view in enumerate(views):
            outputs[i] = outputs[i] or self.store.read(view.entry)
        missing = [i for i, output in enumerate(outputs) if output is None]
        if not missing:
            return
        entries = [views[i].entry for i in missing]
        if self._mentor is None:
            raise ValueError(
                f'{self.store.folder} was complete when the run began, but entry '
                f'{entries[0]} is missing or damaged now. Delete this folder; its '
                'mentor is then run again.'
            )
        if len(missing) < len(outputs):
            inputs = inputs[torch.tensor(missing, device=inputs.device)]
            data_samples = [data_samples[i] for i in missing]
        new = self.store.form.pack(self._run(inputs, data_samples), self.name)
        self.store.write(entries, new)
        for i, output in zip(missing, new, strict=True):
            outputs[i] = output.tobytes()

    def _run(self, inputs: Tensor, data_samples: Sequence[BaseDataElement]) -> Any:
        """Run the mentor, in the precision of its weights: entries outlive a run."""
        with torch.autocast(inputs.device.type, enabled=False):
            return self._mentor(inputs, data_samples)

    def _stored_aligner(self) -> SimpleNamespace | None:
        buffers = self.store.aligner()
        return SimpleNamespace(**buffers) if buffers else None

    def _check_weights(self, then: str, now: str) -> None:
        """Refuse entries of other weights than those that the mentor has."""
        if then != now:
            raise ValueError(
                f'Mentor {self.name!r} has other weights (SHA-256 {now[:12]}…) than '
                f'when its entries in {self.store.folder} were made ({then[:12]}…), '
                'although its config is the same. Restore the weights, or delete this '
                'folder; random weights (ckpt=None) differ from run to run.'
            )


def check_names(
    mentor: Mentor, task: Task, student: nn.Module, metainfo: Mapping[str, Any]
) -> None:
    """Refuse names in the data set that call for a map, unless the config has it.

    Args:
        mentor (Mentor): A mentor whose outputs are cached.
        task (Task): The student's.
        student (nn.Module): The student.
        metainfo (Mapping): What the data set says of itself.

    Raises:
        ValueError: If they do, or contradict those in the mentor's checkpoint.
    """
    found = task.options_from_data(
        mentor.name, mentor.network, student, metainfo, mentor.task_options
    )
    if found:
        entry = ', '.join(f'{option}={value!r}' for option, value in found.items())
        raise ValueError(
            f'Mentor {mentor.name!r} has a cache, and the names in its checkpoint and '
            'in the data set call for a map. What a cache is of has to be in the '
            f"config: add {entry} to the mentor's entry."
        )
