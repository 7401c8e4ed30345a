# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Test a student with the checkpoint of its classroom."""

from mmengine.runner import Runner
from mmengine.runner.checkpoint import CheckpointLoader, load_state_dict

CONNECTORS = 'distiller.'
"""What comes before the names of weights that a student has in training only."""


class StudentRunner(Runner):
    """A Runner for a plain model, which may have been trained in a classroom.

    MMEngine's own only warns about weights that are not there, and then tests with
    random ones; this one loads all weights or raises.
    """

    def load_checkpoint(
        self, filename: str, map_location: str = 'cpu', **kwargs
    ) -> dict:
        """Load the weights of the model, strictly.

        Args:
            filename (str): The path or URL of the checkpoint.
            map_location (str): The device to load it to.
            **kwargs: What MMEngine's method takes besides; not used.

        Returns:
            dict: The checkpoint, with `state_dict` that of the model.

        Raises:
            RuntimeError: If weights of the model are missing or not its own.
        """
        checkpoint = CheckpointLoader.load_checkpoint(filename, map_location)
        model = getattr(self.model, 'module', self.model)
        own_names = model.state_dict().keys()
        weights = {
            name: value
            for name, value in checkpoint.get('state_dict', checkpoint).items()
            if name in own_names or not name.startswith(CONNECTORS)
        }
        checkpoint = {**checkpoint, 'state_dict': weights}
        # The hook of an averaged model takes the weights from here.
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        load_state_dict(model, weights, strict=True)
        return checkpoint
