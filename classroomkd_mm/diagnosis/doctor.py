# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The diagnosis of a config: of the data, the student and the mentors."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import init_default_scope
from torch import nn

from .._launch import find_config
from ..compat import allow_log_buffers
from ..mentors.mentors import Mentors
from ..tasks.network_input import wrong_size
from .build import build_classroom
from .data import Batches, as_member, read_batches
from .facts import facts_of
from .findings import ERROR, NOTE, WARNING, Findings
from .installation import describe_installation
from .marks import Mark, answers, mark
from .reasons import better_channel_order, better_keypoint_order, tried_changes


def diagnose(
    config: str | None = None,
    options: Mapping[str, Any] | None = None,
    count: int = 4,
    checkpoint: str | None = None,
) -> tuple[dict[str, Any], Findings]:
    """Examine the installation and, if one is given, a config.

    Args:
        config (str, optional): A config file, or the file name of a recipe.
        options (Mapping, optional): What to change in the config.
        count (int): Number of batches for student and mentors.
        checkpoint (str, optional): That of the student.

    Returns:
        tuple[dict, Findings]: A report for JSON, and what is wrong.
    """
    findings = Findings()
    report = describe_installation(findings)
    if config is not None:
        report['config'] = str(config)
        with findings.catch('config'):
            cfg = Config.fromfile(find_config(config))
            cfg.merge_from_dict(options or {})
            report |= examine(cfg, findings, count, checkpoint)
    return report, findings


def examine(
    cfg: Config, findings: Findings, count: int = 4, checkpoint: str | None = None
) -> dict[str, Any]:
    """Examine the members of the classroom of a config.

    Args:
        cfg (Config): The whole config.
        findings (Findings): What is wrong is added.
        count (int): Number of batches.
        checkpoint (str, optional): That of the student. Defaults to `load_from`.

    Returns:
        dict: ``data``, ``student``, ``mentors`` by name and ``agreement``, as far as
        they could be determined; for JSON.
    """
    init_default_scope(cfg.get('default_scope') or 'mmengine')
    classroom = None
    with findings.catch('classroom'):
        classroom = build_classroom(cfg, findings)
    if classroom is None:
        return {}
    classroom = classroom.to(get_device()).eval()
    with findings.catch('student'):
        _load_student(classroom, checkpoint or cfg.get('load_from'), findings)
    batches = None
    with findings.catch('data'):
        batches = read_batches(cfg, classroom, count, findings)
    if batches is None:
        return dict(mentors={m.name: dict(source=m.source) for m in classroom.mentors})
    _align_to_data(classroom, batches.dataset, findings)
    return _examine_members(classroom, batches, findings)


def _examine_members(
    classroom: nn.Module, batches: Batches, findings: Findings
) -> dict[str, Any]:
    """Describe, run and mark the student and its mentors."""
    described, outputs, marks = {}, {}, {}
    for index, member in enumerate([as_member(classroom), *classroom.mentors]):
        about = f'mentor {member.name!r}' if index else 'student'
        key = member.name if index else None
        with findings.catch(about):
            outputs[key] = answers(member, batches.batches)
            described[key] = facts_of(member, classroom.task.unit, batches.batches[0])
            marks[key] = mark(classroom, index, outputs[key], batches.batches)
            described[key] |= _mark_facts(marks[key])
            if index:
                _judge(classroom, index, outputs[key], marks[key], batches, findings)
    student = described.pop(None, None)
    for facts in described.values():
        if student and facts.get('ms_per_image'):
            facts['relative_cost'] = facts['ms_per_image'] / student['ms_per_image']
    samples = sum(len(data['data_samples']) for data in batches.batches)
    return dict(
        data=dict(source=batches.source, samples=samples),
        student=student,
        mentors=described,
        agreement=_agreement(classroom, outputs, marks),
    )


def _judge(
    classroom: nn.Module,
    index: int,
    outputs: list[Any],
    now: Mark,
    batches: Batches,
    findings: Findings,
) -> None:
    """Say what is wrong with a mentor, and what would help."""
    mentor = list(classroom.mentors)[index - 1]
    about = f'mentor {mentor.name!r}'
    size = wrong_size(mentor.name, mentor.network, tuple(mentor.image_shape[-2:]))
    if size:
        findings.add(WARNING, about, size)
    if now.standing.invalid:
        text = f'It gives NaN or infinite outputs for {now.standing.invalid} samples.'
        findings.add(ERROR, about, text)
    if mentor.is_random:
        text = 'It has random weights on purpose (ckpt=None), and nothing to teach.'
        findings.add(NOTE, about, text)
    elif now.near_chance:
        changes = tried_changes(classroom, index, outputs, batches.batches)
        findings.add(ERROR, about, _explain(now, changes))
    else:
        for text in _better_orders(classroom, index, outputs, now, batches):
            findings.add(WARNING, about, text)


def _better_orders(
    classroom: nn.Module, index: int, outputs: list[Any], now: Mark, batches: Batches
) -> Iterator[str]:
    """Say which order of channels or keypoints would suit a mentor better."""
    channels = better_channel_order(classroom, index, now, batches.batches)
    if channels is not None:
        remedy, then = channels
        yield f'It scores {now}, but {then} with {remedy}: swap the channels.'
    keypoints = better_keypoint_order(classroom, index, outputs, batches.batches)
    if keypoints is not None:
        remedy, half, then = keypoints
        yield (
            f'Its keypoints seem to have another order: it scores {half}, but {then} '
            f'with {remedy}. Compare this with the names of its keypoints.'
        )


def _explain(now: Mark, changes: list[dict[str, Any]]) -> str:
    """Name the likely reason why a mentor is near chance."""
    standing = now.standing
    text = (
        f'It is near chance: it scores {now} on {standing.samples} samples. Its mean '
        f'log-score is {standing.score:.2f}, that of a guess {standing.guess:.2f}.'
    )
    best = next((each for each in changes if each['mark'] is not None), None)
    if best is not None and not best['mark'].near_chance:
        if best['mark'].value > now.value:
            return (
                f'{text} The likely reason is its {best["reason"]}: with '
                f'{best["remedy"]} it scores {best["mark"]}.'
            )
    tried, untried = (
        {each['reason'].partition(' (')[0] for each in changes if each['mark']},
        {each['reason'].partition(' (')[0] for each in changes if not each['mark']},
    )
    text += f' No change helps. Tried: {", ".join(sorted(tried)) or "nothing"}.'
    if 'class order' in untried:
        text += ' For the class order there are too few labels: use more --batches.'
    return f'{text} Look at its weights: was it trained on such data?'


def _load_student(
    classroom: nn.Module, checkpoint: str | None, findings: Findings
) -> None:
    """Load the weights of the student, without running code."""
    if checkpoint is None:
        text = 'It has random weights: give --checkpoint to compare a trained student.'
        findings.add(NOTE, 'student', text)
        return
    allow_log_buffers()
    weights = torch.load(checkpoint, map_location='cpu', weights_only=True)
    weights = weights.get('state_dict', weights)
    missing = classroom.load_state_dict(weights, strict=False).missing_keys
    missing = [name for name in missing if not name.startswith('distiller.')]
    if missing:
        raise ValueError(
            f'{checkpoint!r} lacks {len(missing)} of its weights, such as '
            f'{missing[0]!r}.'
        )


def _align_to_data(classroom: nn.Module, dataset: Any, findings: Findings) -> None:
    """Map classes or keypoints by name, as MentorDatasetHook does in training."""
    from ..datasets.metainfo import metainfo_of

    metainfo = metainfo_of(dataset)
    for mentor in classroom.mentors:
        with findings.catch(f'mentor {mentor.name!r}'):
            Mentors([mentor]).align_to_data(classroom.task, classroom.student, metainfo)


def _mark_facts(found: Mark) -> dict[str, Any]:
    """Describe a mark."""
    standing = found.standing
    return dict(
        accuracy=found.accuracy,
        score=found.score,
        log_score=standing.score,
        guess_log_score=standing.guess,
        near_chance=found.near_chance,
    )


def _agreement(
    classroom: nn.Module, outputs: Mapping[Any, Any], marks: Mapping[Any, Mark]
) -> dict[str, dict[str, float]]:
    """Compare the answers of every two mentors, or their scores."""
    names = [name for name in marks if name is not None]
    return {
        one: {
            other: _similarity(classroom, outputs, marks, one, other)
            for other in names
            if other != one
        }
        for one in names
    }


def _similarity(
    classroom: nn.Module,
    outputs: Mapping[Any, Any],
    marks: Mapping[Any, Mark],
    one: str,
    other: str,
) -> float | None:
    """Compare two mentors."""
    pairs = zip(outputs[one], outputs[other], strict=True)
    shares = [classroom.task.agreement(*pair) for pair in pairs]
    if all(share is not None for share in shares):
        return float(torch.cat(shares).mean())
    scores = torch.stack([marks[one].scores, marks[other].scores])
    value = float(torch.corrcoef(scores)[0, 1])
    return value if value == value else None  # NaN: one of them is constant
