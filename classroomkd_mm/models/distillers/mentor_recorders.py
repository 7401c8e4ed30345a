# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Mapping, Sequence

from mmrazor.models.task_modules import ModuleOutputsRecorder, RecorderManager
from mmrazor.models.task_modules.recorder.base_recorder import BaseRecorder

from ...mentors import Mentors
from ...mentors.all_recorded import AllRecorded
from .inplace import forbid_inplace
from .mappings import check_sources
from .records import keep_versions


class MentorRecorders:
    """Recorders in the mentors, which are entered and exited together.

    It replaces MMRazor's recorder manager, which supports only one teacher. Records are
    named ``<mentor>.<recorder>``.

    Args:
        recorders (Mapping[str, Mapping[str, Mapping]]): Maps each mentor's name to its
            recorders by name.
        mentors (Mentors): All mentors.

    Raises:
        KeyError: If a mentor does not exist.
        ValueError: If a recorder's source does not exist.
    """

    def __init__(
        self, recorders: Mapping[str, Mapping[str, Mapping]], mentors: Mentors
    ) -> None:
        self._names = mentors.names
        self._mentors = mentors
        self._managers: dict[str, RecorderManager] = {}
        for name, configs in recorders.items():
            if name not in mentors.names:
                raise KeyError(
                    f'mentor_recorders: there is no mentor {name!r} in the classroom. '
                    f'Mentors: {", ".join(mentors.names)}.'
                )
            network = mentors[name].network
            check_sources(configs, network, f'mentor {name!r}')
            forbid_inplace(network)
            self._managers[name] = RecorderManager(configs)
            keep_versions(self._managers[name])
            self._managers[name].initialize(network)

    def known_records(self, output: Sequence[str]) -> dict[str, set[str]]:
        """List the records that each mentor provides.

        Args:
            output (Sequence[str]): Record names of the output, which every mentor has.

        Returns:
            dict[str, set[str]]: Names of the records by name of the mentor.
        """
        return {
            name: set(output)
            | set(self._managers[name].recorders if name in self._managers else ())
            for name in self._names
        }

    def get_recorder(self, name: str) -> BaseRecorder:
        """Get a recorder.

        Args:
            name (str): ``<mentor>.<recorder>``.

        Returns:
            BaseRecorder: MMRazor's recorder.
        """
        mentor, _, recorder = name.rpartition('.')
        return self._managers[mentor].get_recorder(recorder)

    def stop_after(self, mentor: str, counts: Mapping[str, int]) -> None:
        """Have a mentor stop while records are taken, once those needed are there.

        It runs to its end where a recorder follows something else than the calls of a
        module.

        Args:
            mentor (str): The mentor's name.
            counts (Mapping[str, int]): How many records are needed, by recorder.
        """
        recorders = {
            self.get_recorder(f'{mentor}.{name}'): n for name, n in counts.items()
        }
        if not all(isinstance(each, ModuleOutputsRecorder) for each in recorders):
            return

        def stop(*_: object) -> None:
            if all(
                r.recording and len(r.data_buffer) >= n for r, n in recorders.items()
            ):
                raise AllRecorded

        network = self._mentors[mentor].network
        for recorder in recorders:  # after its own hook
            network.get_submodule(recorder.source).register_forward_hook(stop)

    def reset(self) -> None:
        """Discard all records."""
        for manager in self._managers.values():
            for recorder in manager.recorders.values():
                recorder.reset_data_buffer()

    def __deepcopy__(self, memo: dict) -> 'MentorRecorders':
        """Return itself, since copies of a classroom share the mentors."""
        return self

    def __enter__(self) -> None:
        for manager in self._managers.values():
            manager.__enter__()

    def __exit__(self, *exception: object) -> None:
        for manager in self._managers.values():
            manager.__exit__(*exception)
