# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Compare the classroom with other methods: same student, mentors, data and budget."""

from classroomkd_mm.benchmark.command import main

if __name__ == '__main__':
    main()
