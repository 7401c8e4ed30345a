# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Show how a classroom of classifiers treats individual training samples.

Runs a trained student and its mentors on training images, and prints a table in
Markdown. For each level of the filter, the table shows the share of active mentors,
quantiles of their temperatures, and the distribution of the gradient over samples,
grouped by the student's probability of the label.
"""

from argparse import ArgumentParser, Namespace
from itertools import islice, pairwise

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, load_checkpoint, set_random_seed
from mmrazor.registry import MODELS
from torch import Tensor

from classroomkd_mm import classroom_loss
from classroomkd_mm._cfg_options import CfgOptions
from classroomkd_mm._launch import find_config
from classroomkd_mm.networks import model_of, run_network

QUANTILES = (0.05, 0.5, 0.95)
# Bounds of the student's probability of the label.
BOUNDS = (0.0, 0.1, 0.5, 0.9, 1.0)


def parse_args() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument(
        'config', help='a config file, or the file name of a recipe of this package'
    )
    parser.add_argument(
        'checkpoint', help='a checkpoint of the student or of its classroom'
    )
    parser.add_argument(
        '--batches', type=int, default=24, help='number of batches (default: 24)'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=CfgOptions,
        default={},
        metavar='KEY=VALUE',
        help='override or add entries of the config',
    )
    return parser.parse_args()


def main() -> None:
    """Print the table."""
    args = parse_args()
    cfg = Config.fromfile(find_config(args.config))
    cfg.merge_from_dict(args.cfg_options)
    set_random_seed(0)  # for the augmentation
    batches = answers(cfg, args.checkpoint, args.batches)
    heads = [f'τ, {quantile:.0%}' for quantile in QUANTILES]
    heads += [f'p {low:g} to {high:g}' for low, high in pairwise(BOUNDS)]
    print('| | active | ' + ' | '.join(heads) + ' |')
    print('|---' * (2 + len(heads)) + '|')
    sure = torch.cat(
        [label_probability(logits, labels) for logits, _, labels in batches]
    )
    shares = shares_of(torch.ones_like(sure), sure)
    print(f'| share of samples | | | | |{cells(shares)}')
    distiller = cfg.model.get('distiller', {})
    tau_max = distiller.get('mentoring', {}).get('tau_max', 12)
    for level in ('sample', 'batch'):
        active, temperatures, pull = lessons(batches, level, tau_max)
        numbers = [active, *temperatures, *shares_of(pull, sure)]
        print(f'| {level} level |{cells(numbers)}')


@torch.no_grad()
def answers(cfg: Config, checkpoint: str, count: int) -> list[tuple[Tensor, ...]]:
    """Collect student logits (N, C), mentor logits (n, N, C) and labels (N,)."""
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    model = MODELS.build({**model_of(cfg), 'mentor_cache': None})
    load_checkpoint(model.student, checkpoint, map_location='cpu', strict=True)
    model.eval()
    batches = []
    for batch in islice(Runner.build_dataloader(cfg.train_dataloader, seed=0), count):
        data = model.student.data_preprocessor(batch, training=True)
        images, samples = data['inputs'], data['data_samples']
        mentors = torch.stack(model.mentors(images, samples))
        labels = torch.cat([sample.gt_label for sample in samples])
        batches.append((run_network(model.student, images), mentors, labels))
    return batches


def lessons(
    batches: list[tuple[Tensor, ...]], level: str, tau_max: float
) -> tuple[float, list[float], Tensor]:
    """Share of active mentors, quantiles of τ, and gradient norm per sample (N,)."""
    active, temperatures, pull = [], [], []
    for logits, mentors, labels in batches:
        leaf = logits.clone().requires_grad_()
        out = classroom_loss(leaf, mentors, labels, tau_max=tau_max, level=level)
        out.total.backward()
        active.append(out.active.float().mean())
        temperatures.append(out.temperatures[out.active])
        pull.append(leaf.grad.norm(dim=1))
    quantiles = torch.cat(temperatures).quantile(torch.tensor(QUANTILES))
    return torch.stack(active).mean().item(), quantiles.tolist(), torch.cat(pull)


def label_probability(logits: Tensor, labels: Tensor) -> Tensor:
    """The student's probability of the label, (N,)."""
    return logits.softmax(dim=1).gather(1, labels[:, None])[:, 0]


def shares_of(amounts: Tensor, sure: Tensor) -> list[float]:
    """The share of the amounts (N,) in each interval of BOUNDS."""
    bins = torch.bucketize(sure, torch.tensor(BOUNDS[1:-1]))
    return [
        (amounts[bins == index].sum() / amounts.sum()).item()
        for index in range(len(BOUNDS) - 1)
    ]


def cells(numbers: list[float]) -> str:
    """Format numbers as cells of a table."""
    return ''.join(f' {number:.2f} |' for number in numbers)


if __name__ == '__main__':
    main()
