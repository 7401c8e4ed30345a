# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmrazor.registry import HOOKS

from ...atomic_files import written_whole
from ...models.algorithms.student_config import is_classroom, plain_config

FILE = 'student.py'


@HOOKS.register_module()
class StudentConfigHook(Hook):
    """Write a config of the student without its classroom next to the checkpoints.

    ``student.py`` in the work dir is a plain MMPretrain or MMPose config. Their tools
    and inferencers, and MMDeploy, read it together with the checkpoints of the run. The
    checkpoints contain the same config, so that an inferencer needs only a checkpoint.

    These tools also accept the run's own config, which still trains the classroom.
    MMPose's ``init_model`` requires ``model.backbone`` in a config, so the hook adds an
    empty one to the copy that MMEngine saves in the work dir.
    """

    def __init__(self) -> None:
        self._student: Config | None = None

    def before_train(self, runner: Runner) -> None:
        """Write the config when training starts.

        Args:
            runner (Runner): The runner.
        """
        if not is_classroom(runner.cfg):
            runner.logger.debug(
                f'{FILE} is not written: the runner has no config of the student.'
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
        with written_whole(path, encoding='utf-8') as file:
            file.write(self._student.pretty_text)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Store the student's config in a checkpoint of the student's weights.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): The checkpoint to save.
        """
        if self._student is None:
            return
        text = self._student.pretty_text
        checkpoint['meta']['cfg'] = text
        # MMEngine's inferencers read the config from here first.
        checkpoint.get('message_hub', {}).get('runtime_info', {})['cfg'] = text
