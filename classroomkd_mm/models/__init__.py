# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Networks, mentors and the classroom. MMRazor's registries load the parts."""
