# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmrazor.registry import HOOKS

from ...models.algorithms.student_config import is_classroom, plain_config

FILE = 'student.py'


@HOOKS.register_module()
class StudentConfigHook(Hook):
    """Leave a config of the student alone beside its checkpoints.

    ``student.py`` in the work dir is a plain config of MMPretrain or MMPose: its
    tools, inferencers and MMDeploy read it with the checkpoints of the run. The
    checkpoints carry the same config, so that an inferencer needs the file alone.

    The run's own config works there too, and still trains the classroom. MMPose's
    ``init_model`` looks for ``model.backbone`` before it builds anything, so the
    hook adds that to the copy that MMEngine keeps in the work dir, without options.
    """

    def __init__(self) -> None:
        self._student: Config | None = None

    def before_train(self, runner: Runner) -> None:
        """Write the config when a training starts.

        Args:
            runner (Runner): The runner.
        """
        if not is_classroom(runner.cfg):
            runner.logger.debug(
                f'No {FILE} is written: the runner has no config of its student.'
            )
            return
        self._student = plain_config(runner.cfg)
        if not is_main_process():
            return
        if 'backbone' in self._student.model and 'backbone' not in runner.cfg.model:
            runner.cfg.model.backbone = {}
            runner.dump_config()
        path = Path(runner.work_dir, FILE)
        if path.name == Path(runner.cfg.filename or '').name:
            path = path.with_name('student_alone.py')
        self._student.dump(str(path))

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Give a checkpoint the config of the model whose weights it holds.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What will be saved.
        """
        if self._student is None:
            return
        text = self._student.pretty_text
        checkpoint['meta']['cfg'] = text
        # MMEngine's inferencers look here first.
        checkpoint.get('message_hub', {}).get('runtime_info', {})['cfg'] = text
