# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
from collections.abc import Iterable

_TEACHER = "write mentors=dict(teacher=dict(cfg_path=…, ckpt='….pth'))"
_FROZEN = 'leave it out: a mentor is frozen and in eval mode'
INSTEAD = dict(
    teacher=_TEACHER,
    teacher_ckpt=_TEACHER,
    teacher_trainable=_FROZEN,
    teacher_norm_eval=_FROZEN,
    teacher_module_inplace=_FROZEN,
    calculate_student_loss="for False, give the student's own loss the weight 0: "
    'loss_weight=0.0 in architecture.head.loss',
)
"""What to use instead of the options of MMRazor's SingleTeacherDistill."""


def refuse_options_of_mmrazor(given: Iterable[str]) -> None:
    """Reject options of MMRazor, and name their replacements.

    Args:
        given (Iterable[str]): Options that ClassroomDistill does not have.

    Raises:
        TypeError: If one of them is an option of SingleTeacherDistill.
    """
    for option in given:
        if option in INSTEAD:
            raise TypeError(
                f'ClassroomDistill has no option {option!r}, which belongs to '
                f"MMRazor's SingleTeacherDistill: {INSTEAD[option]}. See "
                'docs/from_mmrazor.md for the full list.'
            )
