# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Two processes fill one cache, and train as they do without one."""

import socket

import pytest
import torch
import torch.multiprocessing as multiprocessing

pytestmark = pytest.mark.slow


def test_two_processes_share_a_cache(tmp_path):
    import cached_classroom

    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    multiprocessing.spawn(cached_classroom.train_in_process, (port, tmp_path), nprocs=2)
    for rank in (0, 1):
        results = torch.load(tmp_path / f'{rank}.pt', weights_only=False)
        assert len(results['plain']['losses']) == 20
        assert results['warm']['needed'] == []
        for name in ('cold', 'warm'):
            for part in ('losses', 'weights'):
                torch.testing.assert_close(
                    results[name][part], results['plain'][part], rtol=0, atol=0
                )
    assert len(list((tmp_path / 'cache').glob('[!.]*/mentor.json'))) == 2
    assert not list((tmp_path / 'cache').glob('.*'))
