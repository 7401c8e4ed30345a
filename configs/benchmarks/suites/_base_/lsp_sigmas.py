# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
# Of the 14 joints of LSP: those of COCO where it has the joint; of neck and head, the
# widest.
sigmas = [
    0.089, 0.087, 0.107, 0.107, 0.087, 0.089, 0.062, 0.072, 0.079, 0.079, 0.072, 0.062,
    0.107, 0.107,
]  # fmt: skip
