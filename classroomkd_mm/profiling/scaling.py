# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What a classroom stores and moves on many GPUs, from the figures of a profile.

Nothing here is measured on several GPUs: assumptions are in ``ASSUMPTIONS``.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..mentors.cache.entry_form import EntryForm
from .recipes import CLASSROOMS

GPUS = (8, 64, 512)
PER_NODE = 8
DISK = 3e9
NETWORK = 25e9
ASSUMPTIONS = (
    f'A node has {PER_NODE} GPUs. Each trains with the batch size of the profile, in '
    'the time that the profile gives for an iteration, data loading included.',
    'Gradients take what the weights and buffers of the student take. DDP reduces them '
    'in a ring: each GPU sends and receives 2 (P - 1) / P times their size. It does so '
    'while it computes; the table gives the time if it did not, at '
    f'{NETWORK / 1e9:g} GB/s for each GPU.',
    'Buffers do not move: MMEngine sets `broadcast_buffers=False`.',
    f'A local disk reads {DISK / 1e9:g} GB/s, and nothing is in memory yet.',
    'An entry takes 4 bytes more for its checksum. It is read once, and is on the node '
    'of the GPU that needs it.',
)
"""What is not measured."""


class Dataset(NamedTuple):
    """A data set and what is stored of it.

    Attributes:
        name (str): Its name.
        samples (int): How many are in the training set.
        output (str): What an entry is of.
        form (EntryForm): Its layout.
    """

    name: str
    samples: int
    output: str
    form: EntryForm

    @property
    def entry(self) -> int:
        """int: Bytes of an entry, with its checksum."""
        return self.form.record.itemsize + 4


def logits(classes: int, dtype: str, topk: int | None = None) -> EntryForm:
    """Lay out logits.

    Args:
        classes (int): How many.
        dtype (str): Of the values.
        topk (int, optional): How many are kept.

    Returns:
        EntryForm: The layout.
    """
    return EntryForm(((classes,),), True, dtype, topk)


HEATMAPS = (17, 64, 48)
CIFAR = Dataset('CIFAR-100', 50_000, '100 logits', logits(100, 'float16'))
COCO = Dataset(
    'COCO keypoints',
    149_813,
    'heatmaps',
    EntryForm((HEATMAPS,), True, 'float16', None),
)
DATASETS = (
    CIFAR,
    CIFAR._replace(output='100 logits, float32', form=logits(100, 'float32')),
    CIFAR._replace(output='`topk=16`', form=logits(100, 'float16', 16)),
    Dataset('ImageNet-1k', 1_281_167, '1,000 logits', logits(1000, 'float16')),
    Dataset('ImageNet-1k', 1_281_167, '`topk=16`', logits(1000, 'float16', 16)),
    COCO,
    COCO._replace(
        output='heatmaps, float32', form=EntryForm((HEATMAPS,), True, 'float32', None)
    ),
)
TRAINED_ON = dict(
    cifar100_resnet20=CIFAR, cifar100_mobilenetv2=CIFAR, coco_resnet18=COCO
)


def tables(results: Iterable[Mapping[str, Any]]) -> str:
    """Compute all tables.

    Args:
        results (Iterable[Mapping]): What ``profile_step --json`` printed.

    Returns:
        str: Markdown.
    """
    results = [result for result in results if result['name'] in CLASSROOMS]
    parts = [
        storage_table(),
        '### Measured, on one machine\n\n' + measured_table(results),
        *(f'### {result["name"]}\n\n' + gpu_table(result) for result in results),
        '### Assumptions\n\n' + '\n'.join(f'- {each}' for each in ASSUMPTIONS),
    ]
    return '\n\n'.join(parts)


def storage_table() -> str:
    """Compute what caches take.

    Returns:
        str: A table in Markdown.
    """
    rows = []
    for dataset in DATASETS:
        whole = dataset.samples * dataset.entry
        sizes = (dataset.entry, whole, 20 * whole)
        names = (dataset.name, f'{dataset.samples:,}', dataset.output)
        rows.append((*names, *map(amount, sizes), duration(20 * whole / DISK)))
    return table(
        (
            'data set', 'samples', 'an entry of', 'bytes, with checksum',
            'one view, one mentor', '4 views, 5 mentors', 'to read that from a disk',
        ),
        rows,
    )  # fmt: skip


def measured_table(results: Sequence[Mapping[str, Any]]) -> str:
    """Repeat the figures of a profile that the other tables are made of.

    Args:
        results (Sequence[Mapping]): What ``profile_step --json`` printed.

    Returns:
        str: A table in Markdown, and where it is from.
    """
    variants = ('student_loading', 'no_cache', 'cold_cache', 'warm_cache')
    rows = [
        (
            result['name'],
            str(result['batch_size']),
            *(f'{1000 * result["seconds"][variant]:,.1f} ms' for variant in variants),
            f'{result["student_mebibytes"]:.1f} MiB',
        )
        for result in results
    ]
    heads = ('student alone', 'no cache', 'cold cache', 'warm cache')
    text = table(('classroom', 'batch', *heads, 'weights of the student'), rows)
    machines = sorted({machine_of(result) for result in results})
    return '\n'.join([text, '', 'Iterations with data loading:', '', *machines])


def machine_of(result: Mapping[str, Any]) -> str:
    """Say where something was measured.

    Args:
        result (Mapping): One object of what ``profile_step --json`` printed.

    Returns:
        str: An item of a list, which says so where other programs ran.
    """
    machine = result['machine']
    text = (
        '- {name}: {date}, {device}, cores of the CPU: {cores}, threads of PyTorch: '
        '{threads}.'.format(name=result['name'], **machine)
    )
    # A profile itself keeps all of its threads busy.
    if machine['load'] <= machine['threads']:
        return text
    return f'{text} The machine was loaded (load {machine["load"]}): times are rough.'


def gpu_table(result: Mapping[str, Any]) -> str:
    """Compute what moves in each step of a classroom with a warm cache.

    Args:
        result (Mapping): One object of what ``profile_step --json`` printed.

    Returns:
        str: A table in Markdown.
    """
    dataset = TRAINED_ON[result['name']]
    batch, gradients = result['batch_size'], result['student_mebibytes'] * 2**20
    mentors = len(CLASSROOMS[result['name']].mentors)
    seconds = result['seconds']
    read = batch * mentors * dataset.entry
    sums = 4 * (2 + 2 * (1 + mentors))  # of the samples, and of each member's scores
    rows = []
    for gpus in GPUS:
        moved = 2 * (gpus - 1) / gpus * gradients
        steps = -(-dataset.samples // (gpus * batch))
        rows.append(
            (
                str(gpus),
                f'{gpus * batch:,}',
                f'{amount(moved)} ({1000 * moved / NETWORK:.2g} ms)',
                amount(sums),
                amount(read),
                f'{amount(PER_NODE * read / seconds["warm_cache"])}/s',
                f'{amount(gpus * read / seconds["warm_cache"])}/s',
                duration(steps * seconds['warm_cache']),
                duration(steps * seconds['no_cache']),
            )
        )
    return table(
        (
            'GPUs', 'global batch', 'gradients, each GPU', 'sums of the classroom',
            'cache read, each GPU', 'each node', 'all nodes', 'an epoch',
            'without a cache',
        ),
        rows,
    )  # fmt: skip


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a table in Markdown.

    Args:
        head (Sequence[str]): The heads of the columns.
        rows (Iterable[Sequence[str]]): The cells.

    Returns:
        str: The first column to the left, the others to the right.
    """
    rule = ('---', *('---:',) * (len(head) - 1))
    return '\n'.join(f'| {" | ".join(row)} |' for row in (head, rule, *rows))


def amount(size: float) -> str:
    """Write a number of bytes.

    Args:
        size (float): Bytes.

    Returns:
        str: With four digits and a decimal unit.
    """
    units = ('B', 'kB', 'MB', 'GB', 'TB')
    power = min(int(math.log10(max(size, 1)) / 3), len(units) - 1)
    return f'{size / 1000**power:.4g} {units[power]}'


def duration(seconds: float) -> str:
    """Write a time.

    Args:
        seconds (float): Seconds.

    Returns:
        str: In hours, minutes or seconds.
    """
    for unit, length in (('h', 3600), ('min', 60)):
        if seconds >= 2 * length:
            return f'{seconds / length:,.3g} {unit}'
    return f'{seconds:.3g} s'
