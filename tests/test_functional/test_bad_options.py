# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Wrong options and shapes are refused, with the value and what would be right."""

import math

import pytest
import torch

from classroomkd_mm import classroom_loss


def call(student=(6, 5), mentors=(3, 6, 5), labels=None, **options):
    if labels is None:
        labels = torch.zeros(6, dtype=torch.long)
    if not isinstance(mentors, list):
        mentors = torch.zeros(mentors)
    return classroom_loss(torch.zeros(student), mentors, labels, **options)


@pytest.mark.parametrize(
    ('options', 'error', 'message'),
    [
        (dict(level='epoch'), ValueError, r"level='epoch'.*'sample', 'batch'"),
        (dict(level=None), ValueError, r"level=None.*'sample', 'batch'"),
        (
            dict(mentoring='softly'),
            ValueError,
            r"mentoring='softly'.*'gap', 'off', 'dtkd'.*number",
        ),
        (dict(mentoring=0), ValueError, r'mentoring=0 must be greater than 0'),
        (dict(mentoring=-4.0), ValueError, r'mentoring=-4.0 must be greater'),
        (dict(mentoring=math.nan), ValueError, r'mentoring=nan'),
        (dict(mentoring=math.inf), ValueError, r'mentoring=inf'),
        (dict(mentoring=None), TypeError, r'mentoring must be a number.*None'),
        (dict(mentoring=True), TypeError, r'mentoring must be a number.*True'),
        (
            dict(task_weight='student'),
            ValueError,
            r"task_weight='student'.*'student_score', 'constant'",
        ),
        (dict(tau_max=-1), ValueError, r'tau_max=-1 must not be negative'),
        (dict(tau_max=math.nan), ValueError, r'tau_max=nan'),
        (dict(tau_max=math.inf), ValueError, r'tau_max=inf'),
        (dict(tau_max='12'), TypeError, r"tau_max must be a number.*'12'"),
        (dict(rank_decimals=2.5), TypeError, r'rank_decimals.*2.5'),
        (dict(rank_decimals=-1), ValueError, r'rank_decimals=-1'),
        (dict(rank_decimals='2'), TypeError, r"rank_decimals.*'2'"),
        (dict(tau=4), TypeError, 'tau'),
        (dict(filtering='hard'), ValueError, r"filtering='hard'.*True, False, 'soft'"),
        (dict(weights='rang'), ValueError, r"weights='rang'.*'confidence'"),
        (dict(slack=-1), ValueError, r'slack=-1'),
        (dict(slack='1'), TypeError, r"slack.*'1'"),
        (dict(slack=1, filtering=False), ValueError, r'slack=1.*filtering=False'),
        (dict(slack=1, filtering='soft'), ValueError, r"slack=1.*filtering='soft'"),
        (dict(slack=1, rank_decimals=2), ValueError, r'slack=1.*rank_decimals=2'),
    ],
    ids=str,
)
def test_options(options, error, message):
    with pytest.raises(error, match=message):
        call(**options)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(student=(6,)), r'student_logits must be \(N, C\).*\(6,\)'),
        (dict(student=(6, 5, 2)), r'student_logits must be \(N, C\).*\(6, 5, 2\)'),
        (dict(mentors=(6, 5)), r'mentor_logits\[0\].*\(5,\).*\(6, 5\)'),
        (
            dict(mentors=[torch.zeros(6, 5), torch.zeros(6, 4)]),
            r'mentor_logits\[1\].*\(6, 4\).*\(6, 5\).*same classes',
        ),
        (dict(mentors=(3, 5, 5)), r'mentor_logits\[0\].*\(5, 5\)'),
        (dict(labels=torch.zeros(5, dtype=torch.long)), r'labels.*int64 \(5,\)'),
        (dict(labels=torch.zeros(6, 4)), r'labels.*\(6, 4\)'),
        (dict(labels=torch.zeros(6)), r'labels.*int64'),
        (dict(labels=torch.zeros(6, 5, dtype=torch.long)), r'labels.*float'),
    ],
    ids=str,
)
def test_shapes(arguments, message):
    with pytest.raises(ValueError, match=message):
        call(**arguments)
