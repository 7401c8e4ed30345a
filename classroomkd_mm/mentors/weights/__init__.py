# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Finding, reading and converting the weights of mentors.

Each weight source is registered in :data:`WEIGHT_SOURCES`.
"""

from .checkpoint import CheckpointSource
from .libraries import LibrarySource
from .published import PublishedSource
from .random_weights import RandomSource
from .source import WEIGHT_SOURCES, WeightSource

__all__ = [
    'WEIGHT_SOURCES',
    'CheckpointSource',
    'LibrarySource',
    'PublishedSource',
    'RandomSource',
    'WeightSource',
]
