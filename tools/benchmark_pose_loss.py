# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Measure what scoring and teaching cost, beside the student's own training step.

Both are measured in one run: a pose student (ResNet-18, crops of 256x192) runs
forward and backward, then a classroom of three mentors scores, filters, paces and
teaches with heatmaps of 64x48, backward to the student's maps included. The mentors'
own forward is no part of it. Ends with an error if the share is above --limit.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.structures import InstanceData, PixelData
from mmrazor.registry import MODELS

import classroomkd_mm  # noqa: F401
from classroomkd_mm.models.classroom import Lesson
from classroomkd_mm.networks import build_network

CONFIGS = Path(__file__).parents[1] / 'configs'
STUDENT = dict(
    cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_res50_8xb64-210e_coco-256x192.py',
    backbone=dict(depth=18, init_cfg=None),
    head=dict(in_channels=512),
)
POINTS, HEIGHT, WIDTH = 17, 64, 48


def parse_args() -> argparse.Namespace:
    """Read the command line.

    Returns:
        Namespace: The arguments.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--batch-size', type=int, default=64)
    parser.add_argument('--mentors', type=int, default=3)
    parser.add_argument('--repeats', type=int, default=3, help='the best counts')
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--limit', type=float, default=15.0, help='percent')
    return parser.parse_args()


def make_samples(count: int, device: str) -> list:
    """Make data samples with targets, as MMPose's pipeline does.

    Args:
        count (int): How many.
        device (str): Where the tensors are.

    Returns:
        list[PoseDataSample]: The samples.
    """
    from mmpose.structures import PoseDataSample

    samples = []
    for _ in range(count):
        sample = PoseDataSample(
            gt_instance_labels=InstanceData(
                keypoint_weights=(torch.rand(1, POINTS) < 0.7).float()
            )
        )
        sample.gt_fields = PixelData(heatmaps=torch.rand(POINTS, HEIGHT, WIDTH))
        samples.append(sample.to(device))
    return samples


def make_lesson(num_mentors: int, samples: list, device: str) -> Callable[[], None]:
    """Prepare a lesson of the recipes' classroom on random heatmaps.

    Args:
        num_mentors (int): How many mentors.
        samples (list[PoseDataSample]): With targets.
        device (str): Where the tensors are.

    Returns:
        Callable: Scores, filters, paces, teaches and runs backward.
    """
    parts = Config.fromfile(CONFIGS / '_base_/classroom/heatmaps.py').distiller
    scorer, knowledge_filter, mentoring, loss = (
        MODELS.build(part).to(device)
        for part in (
            parts.scorer,
            parts.knowledge_filter,
            parts.mentoring,
            parts.distill_losses.loss_heatmap,
        )
    )
    scorer.taught = torch.ones(num_mentors, POINTS, dtype=torch.bool, device=device)
    shape = (len(samples), POINTS, HEIGHT, WIDTH)
    student = torch.rand(shape, device=device, requires_grad=True)
    mentors = [torch.rand(shape, device=device) for _ in range(num_mentors)]

    def teach() -> None:
        with torch.no_grad():
            log_scores, point_weights = scorer(student, mentors, samples)
            ranking = knowledge_filter(log_scores)
            temperatures = mentoring(ranking, student, mentors)
        lesson = Lesson(
            ranking,
            temperatures,
            log_scores.new_ones(()),
            log_scores == -torch.inf,
            point_weights,
        )
        loss(student, mentors, lesson).sum().backward()

    return teach


def best_time(step: Callable[[], None], repeats: int, device: str) -> float:
    """Time a step, after one to warm up.

    Args:
        step (Callable): What to time.
        repeats (int): How often.
        device (str): Where it runs.

    Returns:
        float: Seconds of the fastest.
    """
    wait = torch.cuda.synchronize if device.startswith('cuda') else lambda: None
    times = []
    for _ in range(repeats + 1):
        wait()
        start = time.perf_counter()
        step()
        wait()
        times.append(time.perf_counter() - start)
    return min(times[1:])


def main() -> None:
    """Measure, and tell."""
    args = parse_args()
    samples = make_samples(args.batch_size, args.device)
    student = build_network(STUDENT).to(args.device).train()
    images = torch.rand(args.batch_size, 3, 4 * HEIGHT, 4 * WIDTH, device=args.device)

    def train() -> None:
        student(images, samples, mode='loss')['loss_kpt'].backward()

    ours = best_time(train, args.repeats, args.device)
    teach = make_lesson(args.mentors, samples, args.device)
    theirs = best_time(teach, args.repeats, args.device)
    share = 100 * theirs / ours
    print(
        f'{args.batch_size} samples, {args.mentors} mentors, {args.device}: student '
        f'{ours:.3f} s, scoring and loss {theirs:.3f} s, {share:.1f} %'
    )
    if share > args.limit:
        sys.exit(f'That is more than {args.limit:g} %.')


if __name__ == '__main__':
    main()
