# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The embedded demo data sets: nothing to download, the same on every machine."""
