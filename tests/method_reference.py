# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""The method written down once more, with loops, in NumPy and float64.

It follows the definition sentence by sentence and shares no code with the package:
what both say is probably what the definition says.
"""

import math

import numpy as np


def log_softmax(logits):
    shifted = np.asarray(logits, dtype=np.float64) - np.max(logits)
    return shifted - math.log(np.exp(shifted).sum())


def task_loss(logits, target):
    """Cross-entropy of one sample with a class index or class probabilities."""
    log_probabilities = log_softmax(logits)
    if np.ndim(target) == 0:
        return -log_probabilities[int(target)]
    return -float((np.asarray(target, dtype=np.float64) * log_probabilities).sum())


def temperatures(mentoring, tau_max, delta, mentor_logits, student_logits):
    """Of mentor and student, when the mentor teaches this sample."""
    if mentoring == 'gap':
        return 1 + tau_max * delta, 1 + tau_max * delta
    if mentoring == 'off':
        return 1.0, 1.0
    if mentoring == 'dtkd':
        largest_m, largest_s = np.max(mentor_logits), np.max(student_logits)
        return (
            4 * 2 * largest_m / (largest_m + largest_s),
            4 * 2 * largest_s / (largest_m + largest_s),
        )
    return float(mentoring), float(mentoring)


def classroom(
    student,
    mentors,
    targets,
    tau_max=12.0,
    level='sample',
    rank_decimals=None,
    filtering=True,
    mentoring='gap',
    task_weight='student_score',
):
    """Everything the method computes for a batch, gradient included.

    student (N, C), mentors (n, N, C), targets (N,) or (N, C).
    """
    members = [np.asarray(student, np.float64), *np.asarray(mentors, np.float64)]
    n, (N, C) = len(members) - 1, members[0].shape

    losses = np.array(
        [[task_loss(member[i], targets[i]) for i in range(N)] for member in members]
    )
    if level == 'batch':
        losses[:] = losses.mean(axis=1, keepdims=True)
    w = np.exp(-losses)

    ranks, tau = np.zeros((n + 1, N)), np.zeros((n, N))
    active = np.zeros((n, N), dtype=bool)
    distill, gradient = 0.0, np.zeros((N, C))
    for i in range(N):
        share = w[:, i] / w[:, i].sum()
        if rank_decimals is not None:
            share = np.round(share, rank_decimals)
        ranks[:, i] = n * share if filtering else 1
        r_s = ranks[0, i]
        for m in range(n):
            r_m = ranks[m + 1, i]
            active[m, i] = r_m >= r_s
            teaches = active[m, i] and r_m > 0  # shares rounded to 0 have no gap
            delta = (r_m - r_s) / max(r_m, r_s) if teaches else 0.0
            l_m, l_s = members[m + 1][i], members[0][i]
            tau_m, tau_s = temperatures(mentoring, tau_max, delta, l_m, l_s)
            tau[m, i] = tau_m
            if not active[m, i]:
                continue
            log_p, log_q = log_softmax(l_m / tau_m), log_softmax(l_s / tau_s)
            p, q = np.exp(log_p), np.exp(log_q)
            distill += r_m * tau_m * tau_s * (p * (log_p - log_q)).sum() / N
            gradient[i] += r_m * tau_m * (q - p) / N

    constant = task_weight == 'constant' or not filtering
    W = 1.0 if constant else w[0].mean()
    task = np.mean([task_loss(members[0][i], targets[i]) for i in range(N)])
    for i in range(N):
        target = np.eye(C)[targets[i]] if np.ndim(targets[i]) == 0 else targets[i]
        q = np.exp(log_softmax(members[0][i]))
        gradient[i] += W * (q * np.sum(target) - target) / N
    return dict(
        log_scores=-losses,
        ranks=ranks,
        active=active,
        tau=tau,
        distill=distill,
        task=task,
        task_weight=W,
        total=W * task + distill,
        gradient=gradient,
    )
