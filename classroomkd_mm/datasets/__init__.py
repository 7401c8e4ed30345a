# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Built-in demo datasets: no download, identical on every machine."""
