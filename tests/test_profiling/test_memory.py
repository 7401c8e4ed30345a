# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import torch

from classroomkd_mm.profiling.memory import peak


def test_the_peak_is_what_lives_at_a_time():
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    kept = torch.zeros(100, device=device)

    def step():
        for _ in range(3):
            torch.ones(1024, device=device).add_(1)
        return torch.ones(500, device=device) + kept.sum()

    assert 4096 <= peak(step) < 6000
