# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Train the runs of a comparison with everything in memory."""

from classroomkd_mm.benchmark.in_memory import main

if __name__ == '__main__':
    main()
