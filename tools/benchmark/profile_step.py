# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Measure what a training step of a classroom costs, beside what it is made of."""

from classroomkd_mm.profiling.command import main

if __name__ == '__main__':
    main()
