# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Measure the cost of a pose lesson, relative to the student's own training step.

The step is forward and backward of a ResNet-18 on crops of 256x192. The lesson scores,
filters, paces and teaches with heatmaps of 64x48, and ends with backward to the
student's heatmaps. The mentors' forward is not included. Fails if the lesson takes more
than --limit percent of the step.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from mmengine.config import Config
from mmrazor.registry import MODELS

import classroomkd_mm.models  # noqa: F401  registers the classroom's parts
from classroomkd_mm.functional import plan_lesson
from classroomkd_mm.networks import build_network
from classroomkd_mm.profiling.batches import HEIGHT, POINTS, WIDTH, pose_samples

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
STUDENT = dict(
    cfg_path='mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_res50_8xb64-210e_coco-256x192.py',
    backbone=dict(depth=18, init_cfg=None),
    head=dict(in_channels=512),
)


def parse_args() -> argparse.Namespace:
    """Read the command line.

    Returns:
        Namespace: The arguments.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add('--batch-size', type=int, default=64, help='samples (default: 64)')
    add('--mentors', type=int, default=3, help='number of mentors (default: 3)')
    add('--repeats', type=int, default=3, help='measurements; the fastest counts')
    add('--device', default='cpu', help='a PyTorch device (default: cpu)')
    add('--limit', type=float, default=15.0, help='in percent (default: 15)')
    return parser.parse_args()


def make_lesson(num_mentors: int, samples: list, device: str) -> Callable[[], None]:
    """Prepare a lesson on random heatmaps, with the classroom of the recipes.

    Args:
        num_mentors (int): Number of mentors.
        samples (list[PoseDataSample]): N samples with targets.
        device (str): Device of the tensors.

    Returns:
        Callable[[], None]: Plans the lesson, computes its loss and runs backward.
    """
    parts = Config.fromfile(
        CONFIGS / '_base_/classroom/heatmaps_coco.py'
    ).model.distiller
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
    knowledge_filter.prepare(student, mentors)
    knowledge_filter.to(device)

    def teach() -> None:
        lesson = plan_lesson(
            student,
            mentors,
            samples,
            scorer=scorer,
            knowledge_filter=knowledge_filter,
            mentoring=mentoring,
        )
        loss(student, mentors, lesson).sum().backward()

    return teach


def best_time(step: Callable[[], None], repeats: int, device: str) -> float:
    """Time a step, after one warm-up call.

    Args:
        step (Callable): The step to time.
        repeats (int): Number of measurements.
        device (str): Device that it runs on.

    Returns:
        float: Time of the fastest call, in seconds.
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
    """Measure, and print the result."""
    args = parse_args()
    samples = pose_samples(args.batch_size, args.device)
    student = build_network(STUDENT).to(args.device).train()
    images = torch.rand(args.batch_size, 3, 4 * HEIGHT, 4 * WIDTH, device=args.device)

    def train() -> None:
        student(images, samples, mode='loss')['loss_kpt'].backward()

    step_time = best_time(train, args.repeats, args.device)
    teach = make_lesson(args.mentors, samples, args.device)
    lesson_time = best_time(teach, args.repeats, args.device)
    share = 100 * lesson_time / step_time
    print(
        f'{args.batch_size} samples, {args.mentors} mentors, {args.device}: student '
        f'{step_time:.3f} s, lesson {lesson_time:.3f} s, {share:.1f} %'
    )
    if share > args.limit:
        sys.exit(f'This exceeds the limit of {args.limit:g} %.')


if __name__ == '__main__':
    main()
