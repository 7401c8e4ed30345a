# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Comparing methods: the same student, mentors, data, schedule and seeds for all.

``tools/benchmark/benchmark.py`` is its command, docs/benchmark.md its manual. Suites
and methods are configs, in ``configs/benchmarks``.
"""
