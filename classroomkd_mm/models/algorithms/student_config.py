# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import copy

from mmengine.config import Config, ConfigDict

from ...networks import network_config


def student_config(cfg: Config) -> Config:
    """Reduce the config of a classroom to its student.

    Testing, exporting and counting need the student alone, not its mentors' files.

    Args:
        cfg (Config): A whole config.

    Returns:
        Config: The same with the student as ``model``; ``cfg`` itself where the
        model is no ClassroomDistill.
    """
    if str(cfg.model.get('type')).split('.')[-1] != 'ClassroomDistill':
        return cfg
    reduced = copy.deepcopy(cfg)
    # As the Runner does, which gives a whole config's preprocessor to the model.
    preprocessor = cfg.model.get('data_preprocessor', cfg.get('data_preprocessor'))
    student = network_config(cfg.model.architecture.to_dict(), preprocessor)
    reduced.model = ConfigDict(student)
    return reduced
