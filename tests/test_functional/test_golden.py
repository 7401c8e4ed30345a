# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The method reproduces the published inputs and outputs (tests/data/golden)."""

from pathlib import Path

import numpy as np
import pytest
import torch

from classroomkd_mm import classroom_loss

GOLDEN = Path(__file__).parents[1] / 'data' / 'golden'
SAMPLE_FILES = sorted(GOLDEN.glob('paper_sample/*.npz'))
BATCH_FILES = sorted(GOLDEN.glob('released_batch/*.npz'))
DTYPES = [torch.float32, torch.float64]


def load(path, dtype):
    data = np.load(path)
    student = torch.tensor(data['student_logits'], dtype=dtype, requires_grad=True)
    mentors = torch.tensor(data['mentor_logits'], dtype=dtype)
    return data, student, mentors, torch.tensor(data['labels'])


def assert_close(actual, expected, **tolerance):
    np.testing.assert_allclose(actual.detach().numpy(), expected, **tolerance)


def test_golden_files_are_here():
    assert len(SAMPLE_FILES) == 3
    assert len(BATCH_FILES) == 5


@pytest.mark.parametrize('dtype', DTYPES, ids=str)
@pytest.mark.parametrize('path', SAMPLE_FILES, ids=lambda path: path.stem)
def test_sample_level(path, dtype):
    data, student, mentors, labels = load(path, dtype)
    out = classroom_loss(student, mentors, labels, tau_max=float(data['tau_max']))
    out.total.backward()
    assert_close(out.log_scores.exp(), data['score'], rtol=1e-5)
    assert_close(out.ranks, data['rank'], rtol=1e-5)
    assert_close(out.temperatures, data['tau'], rtol=1e-5)
    assert (out.active.numpy() == data['active']).all()
    assert_close(out.task_weight, data['task_weight'], rtol=1e-5)
    assert_close(out.task, data['task_loss'], rtol=1e-5)
    assert_close(out.distill, data['distill_loss'], rtol=1e-5)
    assert_close(out.total, data['total_loss'], rtol=1e-5)
    assert_close(student.grad, data['student_grad'], atol=1e-6, rtol=0)


@pytest.mark.parametrize('dtype', DTYPES, ids=str)
@pytest.mark.parametrize('path', BATCH_FILES, ids=lambda path: path.stem)
def test_batch_level(path, dtype):
    data, student, mentors, labels = load(path, dtype)
    out = classroom_loss(
        student,
        mentors,
        labels,
        tau_max=float(data['tau_max']),
        level='batch',
        rank_decimals=2,
        filtering=bool(data['ask']),
        mentoring='gap' if data['mentor'] else 'off',
    )
    out.total.backward()
    assert_close(out.log_scores[:, 0].exp(), data['score'], rtol=1e-5)
    assert_close(out.temperatures[:, 0], data['tau'], rtol=1e-5)
    assert_close(out.total, data['total_loss'], rtol=1e-5)
    assert_close(student.grad, data['student_grad'], atol=1e-6, rtol=0)
