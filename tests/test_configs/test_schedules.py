# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The learning rates of the recipes, epoch by epoch, against METHOD's words."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIMIZERS, PARAM_SCHEDULERS

SCHEDULES = Path(__file__).parents[2] / 'configs/_base_/schedules'


def learning_rates(name):
    """The learning rate during every epoch, and the optimizer."""
    cfg = Config.fromfile(SCHEDULES / f'{name}.py')
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = OPTIMIZERS.build(dict(cfg.optim_wrapper.optimizer, params=[weight]))
    wrapper = OptimWrapper(optimizer)
    schedulers = cfg.param_scheduler
    if not isinstance(schedulers, list):
        schedulers = [schedulers]
    schedulers = [
        PARAM_SCHEDULERS.build(scheduler, default_args=dict(optimizer=wrapper))
        for scheduler in schedulers
    ]
    rates = []
    for _ in range(cfg.train_cfg.max_epochs):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    return rates, optimizer.param_groups[0]


@pytest.mark.parametrize(
    ('name', 'epochs', 'middle', 'drops'),
    [
        ('cifar_sgd_240e', 240, 120, (150, 180, 210)),
        ('cifar_sgd_500e', 500, 250, (312, 375, 437)),
    ],
)
def test_cifar(name, epochs, middle, drops):
    rates, options = learning_rates(name)
    expected = [
        (0.05 - 0.04 * min(epoch, middle) / middle)
        * 0.1 ** sum(epoch >= drop for drop in drops)
        for epoch in range(epochs)
    ]
    assert rates == pytest.approx(expected)
    assert rates[0] == pytest.approx(0.05)
    assert rates[middle] == pytest.approx(0.01)
    assert rates[-1] == pytest.approx(1e-5)
    assert options['momentum'] == 0.9
    assert not options['nesterov']
    assert options['weight_decay'] == 5e-4


def test_imagenet():
    rates, options = learning_rates('imagenet_sgd_100e')
    expected = [0.1 * 0.1 ** (epoch // 30) for epoch in range(100)]
    assert rates == pytest.approx(expected)
    assert options['weight_decay'] == 1e-4
