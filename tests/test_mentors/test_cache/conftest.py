# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Classrooms of mentors with checkpoints, with and without a cache."""

import pytest


@pytest.fixture
def school(tiny, tmp_path):
    """A maker of classrooms, whose files are in the test's folder."""
    from cached_classroom import School

    return School(tmp_path)
