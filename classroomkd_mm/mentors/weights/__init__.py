# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The weights of a mentor: reading, finding, loading."""
