# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Finding out what is wrong with an installation, a config or a mentor.

The command `mim run classroomkd_mm doctor` prints what :mod:`.installation` and
:mod:`.doctor` find. :class:`~classroomkd_mm.engine.MentorCheckHook` uses
:mod:`.samples` and :mod:`.chance`.
"""
