# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What MMRazor and MMPretrain register; a config names it in `custom_imports`.

Importing this registers the algorithm and the distiller, and with them the scorers,
filter, mentoring and losses of all tasks. :mod:`.backbones` imports MMPretrain, so a
config that needs it names it as well.
"""

from ..compat import allow_log_buffers, provide_soft_cross_entropy
from . import algorithms, distillers

allow_log_buffers()
provide_soft_cross_entropy()

__all__ = ['algorithms', 'distillers']
