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
        tau = 1 + tau_max * delta
        return tau, tau
    if mentoring == 'off':
        return 1.0, 1.0
    if mentoring == 'dtkd':
        largest_m, largest_s = np.max(mentor_logits), np.max(student_logits)
        return (
            4 * 2 * largest_m / (largest_m + largest_s),
            4 * 2 * largest_s / (largest_m + largest_s),
        )
    return float(mentoring), float(mentoring)


def shares(weights, ranks, own_losses):
    """How much each active mentor teaches one sample; None for an inactive one."""
    n, active = len(ranks), [m for m, rank in enumerate(ranks) if rank is not None]
    result = [0.0] * n
    for m in active:
        if weights == 'rank':
            result[m] = ranks[m]
        elif weights == 'uniform':
            result[m] = n / len(active)
        elif len(active) == 1:
            result[m] = n
        else:  # CA-MKD
            total = sum(math.exp(own_losses[u]) for u in active)
            doubt = math.exp(own_losses[m]) / total
            result[m] = n * (1 - doubt) / (len(active) - 1)
    return result


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
    slack=0.0,
    weights='rank',
):
    """Everything the method computes for a batch, gradient included.

    student (N, C), mentors (n, N, C), targets (N,) or (N, C).
    """
    members = [np.asarray(student, np.float64), *np.asarray(mentors, np.float64)]
    n, (N, C) = len(members) - 1, members[0].shape

    losses = np.array(
        [[task_loss(member[i], targets[i]) for i in range(N)] for member in members]
    )
    own_losses = losses.copy()
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
            ahead = ranks[m + 1, i] >= r_s
            if slack:
                ahead = -losses[m + 1, i] >= -losses[0, i] - slack
            active[m, i] = ahead or filtering == 'soft'
        weight = shares(
            weights,
            [ranks[m + 1, i] if active[m, i] else None for m in range(n)],
            own_losses[1:, i],
        )
        for m in range(n):
            r_m = ranks[m + 1, i]
            if filtering == 'soft':
                weight[m] /= 1 + math.exp(-(1 + losses[0, i] - losses[m + 1, i]))
            teaches = active[m, i] and r_m > r_s  # nobody behind has a gap
            delta = (r_m - r_s) / r_m if teaches else 0.0
            l_m, l_s = members[m + 1][i], members[0][i]
            tau_m, tau_s = temperatures(mentoring, tau_max, delta, l_m, l_s)
            tau[m, i] = tau_m
            if not active[m, i]:
                continue
            log_p, log_q = log_softmax(l_m / tau_m), log_softmax(l_s / tau_s)
            p, q = np.exp(log_p), np.exp(log_q)
            distill += weight[m] * tau_m * tau_s * (p * (log_p - log_q)).sum() / N
            gradient[i] += weight[m] * tau_m * (q - p) / N

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
