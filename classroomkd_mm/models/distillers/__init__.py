# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The distiller of a classroom, and its recorder for classifiers."""

from .classroom_distiller import ClassroomDistiller
from .logits_recorder import ClassifierLogitsRecorder

__all__ = ['ClassifierLogitsRecorder', 'ClassroomDistiller']
