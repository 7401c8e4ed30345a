# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Mentors: what a config says of them, and their weights."""
