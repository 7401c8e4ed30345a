# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Measure what a training step of a classroom costs, beside what it is made of.

All variants of a classroom take turns, repeat by repeat, so that what else the machine
does falls on each of them. A ratio is the median over the repeats. Networks have random
weights, which cost the same. Memory is that of the weights that run, and the largest
sum of tensors that live at a time during a step. The originals of fast mentors, which
stay in the memory of the host, are not part of it.
"""

import argparse
import io
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmrazor.registry import MODELS
from pose_loss_cost import make_samples as pose_samples
from torch import Tensor, nn

import classroomkd_mm.models.backbones  # noqa: F401  registers the networks
from classroomkd_mm._launch import find_config
from classroomkd_mm.networks import build_network, run_network

DIGITS = 'classroomkd_resnet8-w4_1xb20_digits.py'


class Classroom(NamedTuple):
    """A recipe to measure: its mentors, the first of which teaches alone as well."""

    recipe: str
    mentors: tuple[str, ...]
    size: tuple[int, int]
    batch: int
    output: str


CIFAR = dict(size=(32, 32), batch=64, output='head.fc')
PEERS = ('resnet8', 'resnet14', 'shufflenetv1', 'shufflenetv2')
CLASSROOMS = dict(
    cifar100_resnet20=Classroom(
        'classroomkd_resnet56+5peers_resnet20_1xb64_cifar100.py',
        ('resnet56', *PEERS, 'mobilenetv2-half'),
        **CIFAR,
    ),
    cifar100_mobilenetv2=Classroom(
        'classroomkd_resnet50+5peers_mobilenetv2-half_1xb64_cifar100.py',
        ('resnet50', *PEERS, 'resnet20'),
        **CIFAR,
    ),
    coco_resnet18=Classroom(
        'classroomkd_hrnet-w48+hrnet-w32+res50+res152_res18_8xb64-210e_coco-256x192.py',
        ('hrnet-w32', 'res50'),
        size=(256, 192),
        batch=8,
        output='head.final_layer',
    ),
)

RATIOS = dict(
    fast_off_over_bare=('fast_off', 'bare'),
    fast_on_over_bare=('fast_on', 'bare'),
    one_mentor_over_mmrazor=('one_mentor', 'mmrazor'),
)
"""The two variants that each ratio compares."""

Step = Callable[[], None]


def parse_args() -> argparse.Namespace:
    """Read the command line.

    Returns:
        Namespace: The arguments.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add(
        '--classrooms',
        nargs='*',
        default=[*CLASSROOMS],
        metavar='NAME',
        help=f'what to measure, of {", ".join(CLASSROOMS)} (default: all)',
    )
    add('--repeats', type=int, default=10, help='turns of each variant (default: 10)')
    add('--batch-size', type=int, help='samples (default: 64 for CIFAR, 8 for COCO)')
    add('--mentors', type=int, nargs='*', default=[1, 2, 4, 8], metavar='N',
        help='also measure N times the first mentor (default: 1 2 4 8)')  # fmt: skip
    add('--start', action='store_true', help='also time a start of `mim train`')
    add('--json', action='store_true', help='print JSON instead of text')
    args = parser.parse_args()
    for name in args.classrooms:
        if name not in CLASSROOMS:
            parser.error(f'--classrooms: {name!r} is none of {", ".join(CLASSROOMS)}')
    return args


def main() -> None:
    """Measure, and print."""
    args = parse_args()
    MMLogger.get_current_instance().setLevel('ERROR')  # it writes where JSON goes
    results = [
        measure(name, args.repeats, args.batch_size, args.mentors)
        for name in args.classrooms
    ]
    if args.start:
        seconds = dict(first_iteration=time_to_first_iteration())
        results.append(dict(name='start', seconds=seconds, ratios={}))
    if args.json:
        print(json.dumps(results, indent=2))
        return
    for result in results:
        print(result['name'])
        for kind in ('seconds', 'ratios', 'mebibytes'):
            for key, value in result.get(kind, {}).items():
                print(f'  {kind:<10}{key:<26}{value:8.3f}')


def measure(
    name: str, repeats: int, batch_size: int | None, mentor_counts: list[int]
) -> dict[str, Any]:
    """Measure one classroom.

    Args:
        name (str): Which of ``CLASSROOMS``.
        repeats (int): How often each variant takes its turn.
        batch_size (int, optional): Samples, where it is not the recipe's.
        mentor_counts (list[int]): How often the first mentor is to teach.

    Returns:
        dict: ``name``; ``seconds`` of a step (median) and ``mebibytes`` at its peak, by
        variant; ``ratios``.
    """
    classroom = CLASSROOMS[name]
    inputs, samples = make_batch(classroom, batch_size or classroom.batch)
    models = make_models(classroom)
    mentors = list(models['fast_off'].mentors)
    steps = {
        key: training_step(model, inputs, samples) for key, model in models.items()
    }
    looks = [look(mentor, inputs, samples) for mentor in mentors]
    steps['bare'] = together(steps['student'], *looks)
    memory = {key: weights_of(models[key]) + peak(steps[key]) for key in models}
    bound = memory['student'] + sum(map(weights_of, mentors)) + max(map(peak, looks))
    ratios = dict(
        checkpoint_over_student=file_size(models['fast_on'])
        / file_size(models['student']),
        memory_over_bound=memory['fast_on'] / bound,
    )
    for count in mentor_counts:  # after the memory: nothing else needs these
        model = make_classroom(classroom, {f'm{i}': classroom.mentors[0]
                                           for i in range(count)})  # fmt: skip
        steps[f'mentors_{count}'] = training_step(model, inputs, samples)
    times = take_turns(steps, repeats)
    for key, (variant, reference) in RATIOS.items():
        pairs = zip(times[variant], times[reference], strict=True)
        ratios[key] = statistics.median(ours / theirs for ours, theirs in pairs)
    return dict(
        name=name,
        seconds={key: statistics.median(values) for key, values in times.items()},
        ratios=ratios,
        mebibytes={key: value / 2**20 for key, value in memory.items()},
    )


def make_models(classroom: Classroom) -> dict[str, nn.Module]:
    """Build what trains: the student alone, our classrooms, and MMRazor's.

    Args:
        classroom (Classroom): The recipe.

    Returns:
        dict[str, nn.Module]: Models by variant.
    """
    everyone = {name: name for name in classroom.mentors}
    first = {classroom.mentors[0]: classroom.mentors[0]}
    return dict(
        student=build_network(recipe_of(classroom).architecture),
        fast_off=make_classroom(classroom, everyone, fast_mentors=False),
        fast_on=make_classroom(classroom, everyone),
        one_mentor=make_classroom(classroom, first),
        mmrazor=make_single_teacher(classroom),
    )


def recipe_of(classroom: Classroom) -> Any:
    """Read the model of a recipe.

    Args:
        classroom (Classroom): The recipe.

    Returns:
        ConfigDict: The config of the classroom.
    """
    return Config.fromfile(find_config(classroom.recipe)).model


def mentor_config(model: Any, name: str) -> dict[str, Any]:
    """Take a mentor's entry out of a recipe, with random weights.

    Args:
        model (ConfigDict): The config of the classroom.
        name (str): The mentor's name.

    Returns:
        dict: Its entry.
    """
    return dict(cfg_path=model.mentors[name].cfg_path, ckpt=None)


def make_classroom(
    classroom: Classroom, mentors: dict[str, str], **options: Any
) -> nn.Module:
    """Build a classroom of a recipe.

    Args:
        classroom (Classroom): The recipe.
        mentors (dict[str, str]): By name in this classroom, the name in the recipe.
        **options (Any): What else to set.

    Returns:
        ClassroomDistill: The classroom.
    """
    model = recipe_of(classroom)
    entries = {name: mentor_config(model, own) for name, own in mentors.items()}
    model.mentors = entries
    alone = dict(dry_run=False, mentor_cache=None)
    return MODELS.build({**model, **alone, **options})


def make_single_teacher(classroom: Classroom) -> nn.Module:
    """Build MMRazor's own algorithm with the first mentor.

    Args:
        classroom (Classroom): The recipe.

    Returns:
        SingleTeacherDistill: It teaches with MMRazor's KLDivergence.
    """
    model = recipe_of(classroom)
    recorder = dict(output=dict(type='ModuleOutputs', source=classroom.output))
    teacher = mentor_config(model, classroom.mentors[0])
    return MODELS.build(
        dict(
            type='mmrazor.SingleTeacherDistill',
            architecture=build_network(model.architecture),
            teacher=build_network(dict(cfg_path=teacher['cfg_path'])),
            distiller=dict(
                type='ConfigurableDistiller',
                student_recorders=recorder,
                teacher_recorders=recorder,
                distill_losses=dict(loss_kl=dict(type='KLDivergence')),
                loss_forward_mappings=dict(
                    loss_kl=dict(
                        preds_S=dict(from_student=True, recorder='output'),
                        preds_T=dict(from_student=False, recorder='output'),
                    )
                ),
            ),
        )
    )


def make_batch(classroom: Classroom, size: int) -> tuple[Tensor, list]:
    """Make a random batch.

    Args:
        classroom (Classroom): Says which images.
        size (int): Samples.

    Returns:
        tuple[Tensor, list]: Normalised images (N, 3, H, W), and data samples.
    """
    images = torch.randn(size, 3, *classroom.size)
    if classroom.output == 'head.final_layer':
        return images, pose_samples(size, 'cpu')
    from mmpretrain.structures import DataSample

    return images, [DataSample().set_gt_label(i % 100) for i in range(size)]


def training_step(model: nn.Module, inputs: Tensor, samples: list) -> Step:
    """Prepare a step: forward, backward, and an update of the student.

    Args:
        model (nn.Module): A student or a classroom.
        inputs (Tensor): Normalised images (N, 3, H, W).
        samples (list): N data samples.

    Returns:
        Callable[[], None]: The step.
    """
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=1e-4)

    def step() -> None:
        loss, _ = model.parse_losses(model(inputs, samples, mode='loss'))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    return step


def look(mentor: nn.Module, inputs: Tensor, samples: list) -> Step:
    """Prepare the bare forward of a mentor's network, on its own images.

    Args:
        mentor (Mentor): The mentor.
        inputs (Tensor): The student's images (N, 3, H, W).
        samples (list): N data samples.

    Returns:
        Callable[[], None]: The forward.
    """
    images = mentor.adapter(inputs, samples)
    return torch.no_grad()(lambda: run_network(mentor.network, images))


def together(*steps: Step) -> Step:
    """Prepare several steps as one.

    Args:
        *steps (Callable[[], None]): The steps.

    Returns:
        Callable[[], None]: One after the other.
    """

    def all_of_them() -> None:
        for step in steps:
            step()

    return all_of_them


def take_turns(steps: dict[str, Step], repeats: int) -> dict[str, list[float]]:
    """Time steps in turn, after one turn as warm-up.

    Args:
        steps (dict[str, Callable]): By variant.
        repeats (int): How many turns.

    Returns:
        dict[str, list[float]]: Seconds of each turn, by variant.
    """
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(repeats + 1):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            times[name].append(time.perf_counter() - start)
    return {name: values[1:] for name, values in times.items()}


def weights_of(model: nn.Module) -> int:
    """Count the bytes of a model's weights, with those of its mentors.

    Args:
        model (nn.Module): A student, a mentor or a classroom.

    Returns:
        int: Bytes.
    """
    tensors = [*model.parameters(), *model.buffers()]
    own = sum(tensor.nbytes for tensor in tensors)
    return own + sum(map(weights_of, getattr(model, 'mentors', ())))


def peak(step: Step) -> int:
    """Measure how many bytes of tensors live at a time during a step, at most.

    Args:
        step (Callable[[], None]): The step.

    Returns:
        int: Bytes, without what lived before.
    """
    step()  # what is made once is not part of it
    with torch.profiler.profile(profile_memory=True) as profile:
        step()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'trace.json')
        profile.export_chrome_trace(str(path))
        events = json.loads(path.read_text())['traceEvents']
    events = sorted((e for e in events if e['name'] == '[memory]'),
                    key=lambda event: event['ts'])  # fmt: skip
    live = most = 0
    for event in events:
        live += event['args']['Bytes']
        most = max(most, live)
    return most


def file_size(model: nn.Module) -> int:
    """Measure a checkpoint.

    Args:
        model (nn.Module): A student or a classroom.

    Returns:
        int: Bytes of its saved state dict.
    """
    buffer = io.BytesIO()
    torch.save(model.state_dict(), buffer)
    return buffer.tell()


def time_to_first_iteration() -> float:
    """Start ``mim train`` on the digits, and stop it after its first iteration.

    Returns:
        float: Seconds.

    Raises:
        RuntimeError: If it ends before.
    """
    command = [sys.executable, '-m', 'mim', 'train', 'classroomkd_mm', DIGITS]
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        run = subprocess.Popen(
            [*command, '--work-dir', folder,
             '--cfg-options', 'default_hooks.logger.interval=1'],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        lines = []
        for line in run.stdout:
            lines.append(line)
            if re.search(r'Epoch\(train\).*\[1\]\[', line):
                seconds = time.perf_counter() - start
                run.stdout.close()  # it ends when it writes its next line
                run.wait()
                return seconds
    raise RuntimeError(f'{" ".join(command)} failed:\n{"".join(lines[-20:])}')


if __name__ == '__main__':
    main()
