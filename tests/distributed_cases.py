# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What one process computes alone, and two with half of each batch."""

import tiny_classroom as tiny
import torch
from mmengine.hooks import Hook
from mmengine.model import MMDistributedDataParallel
from mmrazor.registry import MODELS

from classroomkd_mm import classroom_loss

FILTERS = {
    'sample': dict(level='sample'),
    'batch': dict(level='batch'),
    'rounded': dict(level='batch', rank_decimals=2),
}
MENTORING = ('gap', 'dtkd')
SHARES = {'halves': [0, 4, 8], 'uneven': [0, 6, 8], 'nothing': [0, 8, 8]}
BATCHES = {'halves': (4, 4), 'uneven': (5, 3)}


def all_in_two(rank, folder):
    """Work off all cases in one of two processes."""
    losses = {
        (case, filtering, mentoring): share_of_losses(
            slice(*splits[rank : rank + 2]), mentoring=mentoring, **options
        )
        for case, splits in SHARES.items()
        for filtering, options in FILTERS.items()
        for mentoring in MENTORING
    }
    return dict(
        losses=losses,
        # Those of MMRazor come first: a Runner leaves another default scope.
        single={name: twenty_steps(build(), 2) for name, build in SINGLE.items()},
        bytes={name: sent_bytes(build()) for name, build in ALONE_OR_NOT.items()},
        step={
            (case, level): step(level, sizes[: rank + 1])
            for case, sizes in BATCHES.items()
            for level in FILTERS
        },
        run={
            level: whole_run(level, 2, folder / f'two_{level}')
            for level in ('sample', 'batch')
        },
        by_iteration=run_by_iteration(2, folder / 'two_by_iteration'),
    )


# The functional interface -----------------------------------------------------


def share_of_losses(share, **options):
    """classroom_loss on a part of a batch of 8, one of whose outputs is broken."""
    generator = torch.Generator().manual_seed(3)
    student = torch.randn(8, 5, generator=generator)
    mentors = 2 * torch.randn(3, 8, 5, generator=generator)
    labels = torch.randint(5, (8,), generator=generator)
    mentors[:2, range(8), labels] += 1.5
    mentors[2, 1] = float('nan')
    logits = student[share].clone().requires_grad_()
    out = classroom_loss(logits, mentors[:, share], labels[share], **options)
    out.total.backward()
    result = {name: value.detach() for name, value in out._asdict().items()}
    return result | dict(grad=logits.grad)


# Classrooms -------------------------------------------------------------------


def classroom(level):
    """Norms in eval mode: those in training mode see the share of the process."""
    return tiny.build_classroom(
        architecture=tiny.net(backbone=dict(norm_eval=True)),
        distiller=dict(
            type='ClassroomDistiller',
            knowledge_filter=dict(type='KnowledgeFilter', **FILTERS[level]),
        ),
    )


def wrapped(model, world):
    """The model as the Runner has it in one of several processes."""
    return MMDistributedDataParallel(model) if world > 1 else model


def step(level, sizes=None):
    """Losses and gradients of a batch of 8, or of the last part of these sizes."""
    model = classroom(level).train()
    data = tiny.batch(size=8)
    if sizes:
        share = slice(sum(sizes[:-1]), sum(sizes))
        data = {name: values[share] for name, values in data.items()}
    trained = wrapped(model, 2 if sizes else 1)
    losses = trained(*tiny.prepared(model, data), mode='loss')
    sum(losses.values()).backward()
    return dict(
        losses={name: loss.detach() for name, loss in losses.items()},
        gradients={name: p.grad for name, p in model.named_parameters()},
    )


class KeepGradients(Hook):
    """Keep the gradients of the last step."""

    def before_train(self, runner):
        self.gradients = {}
        optimizer = runner.optim_wrapper.optimizer
        optimizer.register_step_pre_hook(lambda *_: self.keep(runner.model))

    def keep(self, model):
        for name, parameter in model.named_parameters():
            self.gradients[name.removeprefix('module.')] = parameter.grad.clone()


def whole_run(level, world, folder):
    """21 steps through the Runner; 8, 8 and 5 samples, or 4 and 4, 4 and 4, 3 and 2."""
    model = classroom(level)
    keep = KeepGradients()
    runner = tiny.run(
        folder,
        wrapped(model, world),
        epochs=7,
        hooks=[dict(type='mmrazor.ClassroomHook', interval=2), keep],
        loader=tiny.tiny_loader(21, 8 // world, shuffle=True, round_up=False),
        launcher='pytorch' if world > 1 else 'none',
    )
    assert runner.iter == 21
    return dict(weights=dict(model.state_dict()), gradients=keep.gradients)


def run_by_iteration(world, folder):
    """Three iterations, a checkpoint after two, and the mentors at validation."""
    runner = tiny.run(
        folder,
        wrapped(classroom('sample'), world),
        hooks=[dict(type='mmrazor.ClassroomHook', interval=2)],
        loader=tiny.tiny_loader(size=24, batch_size=8 // world, shuffle=True),
        train_cfg=dict(by_epoch=False, max_iters=3),
        default_hooks=dict(
            checkpoint=dict(type='CheckpointHook', interval=2, by_epoch=False)
        ),
        val_dataloader=tiny.tiny_loader(size=24, batch_size=8 // world),
        val_cfg=dict(type='mmrazor.ClassroomValLoop'),
        val_evaluator=dict(type='mmpretrain.Accuracy'),
        launcher='pytorch' if world > 1 else 'none',
    )
    scalars = runner.message_hub.log_scalars
    names = [name for name in scalars if name.endswith('accuracy/top1')]
    return {name: torch.tensor(float(scalars[name].current())) for name in names}


# MMRazor's single teacher -----------------------------------------------------


def single_teacher(tau=4):
    """MMRazor's algorithm, as its own configs write it."""
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='SingleTeacherDistill',
            architecture=dict(tiny.net(4), _scope_='mmpretrain'),
            teacher=dict(tiny.net(6), _scope_='mmpretrain'),
            teacher_ckpt=None,
            distiller=dict(
                type='ConfigurableDistiller',
                student_recorders=dict(fc=dict(type='ModuleOutputs', source='head.fc')),
                teacher_recorders=dict(fc=dict(type='ModuleOutputs', source='head.fc')),
                distill_losses=dict(loss_kl=dict(type='KLDivergence', tau=tau)),
                loss_forward_mappings=dict(
                    loss_kl=dict(
                        preds_S=dict(from_student=True, recorder='fc'),
                        preds_T=dict(from_student=False, recorder='fc'),
                    )
                ),
            ),
        )
    )
    tiny.stir(model.student)
    tiny.stir(model.teacher)
    return model


def one_mentor(theirs, distiller):
    """A classroom of the networks of MMRazor's algorithm."""
    model = tiny.build_classroom(dict(teacher=tiny.mentor(6)), distiller=distiller)
    model.student.load_state_dict(theirs.student.state_dict())
    model.mentors['teacher'].network.load_state_dict(theirs.teacher.state_dict())
    return model


def without_filter(mentoring=4.0):
    """A distiller whose mentor teaches everything, at the same temperature."""
    return dict(
        knowledge_filter=dict(type='KnowledgeFilter', filtering=False),
        mentoring=dict(type='Mentoring', mentoring=mentoring),
    )


THEIR_LOSS = dict(
    task_weight='constant',
    distill_losses=dict(loss_kl=dict(type='KLDivergence', tau=4)),
    loss_forward_mappings=dict(
        loss_kl=dict(
            preds_S=dict(recorder='logits', from_student=True),
            preds_T=dict(recorder='logits', from_student=False, mentor='teacher'),
        )
    ),
)
"""A distiller with the loss of MMRazor."""

SINGLE = dict(
    theirs=single_teacher,
    their_loss=lambda: one_mentor(single_teacher(), THEIR_LOSS),
    our_loss=lambda: one_mentor(single_teacher(), without_filter()),
)


def twenty_steps(model, world):
    """The student's weights after 20 steps, with norms in training mode."""
    from mmengine.dist import get_rank
    from mmengine.optim import OptimWrapper

    model.train()
    trained = wrapped(model, world)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = OptimWrapper(torch.optim.SGD(parameters, 0.05, momentum=0.9))
    for number in range(20):
        data = tiny.batch(size=8, seed=number)
        data = {name: values[get_rank() :: world] for name, values in data.items()}
        trained.train_step(data, optimizer)
    return dict(model.student.state_dict())


# What processes send each other -----------------------------------------------


def large_classroom():
    """A student, and a mentor with far more weights."""
    return tiny.build_classroom(dict(large=tiny.mentor(512), b=tiny.mentor(256)))


ALONE_OR_NOT = dict(
    student=lambda: large_classroom().student, classroom=large_classroom
)


def sent_bytes(model):
    """How much DDP sends in a step, and all that is reduced besides."""
    sent = dict(gradients=0, besides=0)
    trained = MMDistributedDataParallel(model.train(), broadcast_buffers=True)
    all_reduce = torch.distributed.all_reduce

    def reduce_gradients(_, bucket):
        sent['gradients'] += bucket.buffer().nbytes
        return (
            all_reduce(bucket.buffer(), async_op=True)
            .get_future()
            .then(lambda future: future.value()[0] / 2)
        )

    def reduce_besides(values, *args, **kwargs):
        sent['besides'] += values.nbytes
        return all_reduce(values, *args, **kwargs)

    trained.register_comm_hook(None, reduce_gradients)
    torch.distributed.all_reduce = reduce_besides
    try:
        losses = trained(*tiny.prepared(model, tiny.batch()), mode='loss')
        sum(losses.values()).backward()
    finally:
        torch.distributed.all_reduce = all_reduce
    buffers = sum(buffer.nbytes for buffer in trained.modules_buffers)
    return sent | dict(buffers=buffers)
