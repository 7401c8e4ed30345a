# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Measuring what a classroom costs in time and memory, beside what it is made of.

``tools/benchmark/profile_step.py`` is its command.
"""
