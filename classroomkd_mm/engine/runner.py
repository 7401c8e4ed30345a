# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A runner that tests a student with the checkpoint of its classroom."""

from mmengine.runner import Runner
from mmengine.runner.checkpoint import CheckpointLoader, load_state_dict

CONNECTORS = 'distiller.'
"""Name prefix of weights that are only used in training."""


class StudentRunner(Runner):
    """A Runner for a plain model that may have been trained in a classroom.

    MMEngine's Runner only warns about missing weights, and then tests with random ones.
    This one loads all weights or raises an error.
    """

    def load_checkpoint(
        self, filename: str, map_location: str = 'cpu', **kwargs
    ) -> dict:
        """Load the weights of the model, strictly.

        Args:
            filename (str): Path or URL of the checkpoint.
            map_location (str): Device to load the weights to. Defaults to 'cpu'.
            **kwargs: Other arguments of MMEngine's method; ignored.

        Returns:
            dict: The checkpoint, with the weights of the model as ``state_dict``.

        Raises:
            RuntimeError: If the checkpoint has missing or unexpected weights.
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
        # EMAHook reads the weights of the averaged model from the checkpoint.
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        load_state_dict(model, weights, strict=True)
        return checkpoint
