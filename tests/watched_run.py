# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Recording a whole training: losses, steps, and what became of the mentors."""

from math import isfinite
from statistics import mean

import torch
from mmengine.hooks import Hook


class Watch(Hook):
    """Record losses, what the optimizer is given, and the weights at the start."""

    priority = 'LOWEST'

    def before_train(self, runner):
        self.runner = runner
        self.model = getattr(runner.model, 'module', runner.model)
        self.losses, self.norms, self.dtypes = [], [], set()
        self.mentors, self.start = self.mentor_tensors(), self.weights()
        runner.optim_wrapper.optimizer.register_step_pre_hook(self.look)
        self.model.student.head.register_forward_pre_hook(self.listen)
        for layer in self.model.student.backbone.modules():
            if isinstance(layer, torch.nn.Conv2d):
                layer.register_forward_hook(self.listen)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.losses.append({name: v.detach().item() for name, v in outputs.items()})

    def look(self, optimizer, *_):
        """See the gradients of a step."""
        tensors = [p.grad for group in optimizer.param_groups for p in group['params']]
        norms = [tensor.norm() for tensor in tensors if tensor is not None]
        self.norms.append(float(torch.stack(norms).norm()))

    def listen(self, *values):
        """See the type of what a layer computes."""
        if isinstance(values[-1], torch.Tensor):
            self.dtypes.add(values[-1].dtype)

    def mentor_tensors(self):
        """All tensors of all mentors, by name."""
        return {
            f'{mentor.name}.{key}': value.clone()
            for mentor in self.model.mentors
            for key, value in mentor.state_dict().items()
        }

    def weights(self):
        """The student's weights, by name."""
        return {n: p.detach().clone() for n, p in self.model.student.named_parameters()}

    def moved(self):
        """Names of the student's weights that are no longer what they were."""
        now = self.weights()
        return {name for name in now if not torch.equal(now[name], self.start[name])}

    def assert_learned(self, *parts):
        """The loss is finite and falls, parts of it too; mentors stay the same."""
        epoch = len(self.runner.train_dataloader)
        for part in ('loss', *parts):
            losses = [
                sum(value for name, value in step.items() if name.startswith(part))
                for step in self.losses
            ]
            assert all(map(isfinite, losses))
            assert mean(losses[-epoch:]) < 0.97 * mean(losses[:epoch]), losses
        now = self.mentor_tensors()
        assert now.keys() == self.mentors.keys() != set()
        for name, value in self.mentors.items():
            assert torch.equal(now[name], value), name
