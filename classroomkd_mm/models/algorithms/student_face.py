# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A classroom answers as its student does: same names, same attributes."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

STUDENT = 'architecture'
PREFIX = f'{STUDENT}.'


class StudentFace(nn.Module):
    """Mixin for an algorithm that should look like its student from outside.

    MMRazor's algorithms hold the student as their child ``architecture``. Optimizer
    constructors, hooks, inferencers and checkpoints of MMEngine, MMPretrain and
    MMPose look for ``backbone``, ``head.loss_module`` or ``get_layer_depth``.

    The module tree stays MMRazor's: PyTorch and MMEngine reach the student itself
    when they move, switch, initialise or load modules, with its own methods and
    hooks. What is a *name* is the student's:

    - ``named_modules``, ``named_children``, ``named_parameters``, ``named_buffers``
      and state dicts leave ``architecture.`` out. Both spellings are loaded.
    - An attribute that the algorithm lacks is read from the student and, if the
      student has it, set on the student.
    - ``isinstance`` takes it for the student too, as hooks ask for the class of a
      model. ``type`` tells the truth.

    The alternatives are worse. A class derived from the student's at run time
    cannot be pickled and leaves no plain student to run. Hanging the student's
    children into the algorithm lets PyTorch pass by the student's own ``train``,
    ``init_weights``, parameters and state dict hooks.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._register_state_dict_hook(_drop_prefix)
        self._register_load_state_dict_pre_hook(_add_prefix, with_module=True)

    @property
    def __class__(self) -> type:
        """The student's class, which ``isinstance`` asks for after ``type``."""
        student = self.__dict__.get('_modules', {}).get(STUDENT)
        return type(self if student is None else student)

    def __reduce_ex__(self, protocol: int) -> tuple:
        """Copy and pickle by ``type``, not by ``__class__``."""
        return _new, (type(self),), self.__dict__

    def _get_name(self) -> str:
        return type(self).__name__

    def children(self) -> Iterator[nn.Module]:
        """Iterate over the real children, which PyTorch moves and switches.

        Yields:
            nn.Module: The student, and what the algorithm adds.
        """
        yield from dict.fromkeys(m for m in self._modules.values() if m is not None)

    def named_children(self) -> Iterator[tuple[str, nn.Module]]:
        """Iterate over the student's children and what the algorithm adds.

        Yields:
            tuple[str, nn.Module]: Names and modules.
        """
        student = self._modules[STUDENT]
        yield from student.named_children()
        for name in _own_names(self):
            if self._modules.get(name) is not None:
                yield name, self._modules[name]

    def named_modules(
        self,
        memo: set[nn.Module] | None = None,
        prefix: str = '',
        remove_duplicate: bool = True,
    ) -> Iterator[tuple[str, nn.Module]]:
        """Iterate over all modules by the student's names.

        Args:
            memo (set[nn.Module], optional): Modules that are done.
            prefix (str): Put before all names.
            remove_duplicate (bool): Leave out modules that are done.

        Yields:
            tuple[str, nn.Module]: Names and modules. The algorithm and the student
            have the same name, the prefix.
        """
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        yield from self._modules[STUDENT].named_modules(memo, prefix, remove_duplicate)
        for name in _own_names(self):
            if self._modules.get(name) is not None:
                inner = f'{prefix}.{name}' if prefix else name
                yield from self._modules[name].named_modules(
                    memo, inner, remove_duplicate
                )

    def named_parameters(
        self, prefix: str = '', recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, nn.Parameter]]:
        """Iterate over the parameters by the student's names.

        Args:
            prefix (str): Put before all names.
            recurse (bool): Defaults to True. Otherwise the parameters that the
                student holds itself.
            remove_duplicate (bool): Leave out parameters that are done.

        Returns:
            Iterator[tuple[str, nn.Parameter]]: Names and parameters.
        """
        holder = super() if recurse else self._modules[STUDENT]
        return holder.named_parameters(prefix, recurse, remove_duplicate)

    def named_buffers(
        self, prefix: str = '', recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Iterate over the buffers by the student's names.

        Args:
            prefix (str): Put before all names.
            recurse (bool): As in :meth:`named_parameters`.
            remove_duplicate (bool): Leave out buffers that are done.

        Returns:
            Iterator[tuple[str, Tensor]]: Names and buffers.
        """
        holder = super() if recurse else self._modules[STUDENT]
        return holder.named_buffers(prefix, recurse, remove_duplicate)

    def add_module(self, name: str, module: nn.Module | None) -> None:
        """Replace a child of the student there, as conversions of norms do.

        Args:
            name (str): The child's name.
            module (nn.Module, optional): The child.
        """
        student = self._modules.get(STUDENT)
        if student is not None and name in student._modules:
            setattr(self, name, module)
        else:
            super().add_module(name, module)

    def __getattr__(self, name: str) -> Any:
        """Read from the student what the algorithm lacks."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            student = self.__dict__.get('_modules', {}).get(STUDENT)
            if student is None or name.startswith('__') or not hasattr(student, name):
                raise
        return getattr(student, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set on the student what it has and the algorithm lacks."""
        modules = self.__dict__.get('_modules', {})
        student = modules.get(STUDENT)
        shared = student is not None and name in student._modules and name in modules
        own = name in self.__dict__ or name in modules or hasattr(type(self), name)
        if shared or (student is not None and not own and hasattr(student, name)):
            setattr(student, name, value)
        if shared or own or student is None or not hasattr(student, name):
            super().__setattr__(name, value)


def _new(cls: type) -> nn.Module:
    """Make an empty instance, to be filled by copy and pickle."""
    return cls.__new__(cls)


def _own_names(algorithm: nn.Module) -> list[str]:
    """Names of what the algorithm holds besides the student and its children."""
    student = algorithm._modules[STUDENT]
    names = (*algorithm._modules, *algorithm._parameters, *algorithm._buffers)
    return [n for n in names if n != STUDENT and n not in student._modules]


def _drop_prefix(
    algorithm: nn.Module, state_dict: dict[str, Any], prefix: str, _: dict
) -> None:
    """Rename ``architecture.x`` to ``x``, in place; PyTorch's state dict hook."""

    def renamed(key: str) -> str:
        theirs = key.startswith(prefix + PREFIX)
        return prefix + key[len(prefix + PREFIX) :] if theirs else key

    for key in list(state_dict):
        state_dict[renamed(key)] = state_dict.pop(key)
    versions = getattr(state_dict, '_metadata', {})
    for module in list(versions):
        versions[renamed(_dotted(module)).removesuffix('.')] = versions.pop(module)


def _add_prefix(
    algorithm: nn.Module, state_dict: dict[str, Any], prefix: str, *_: Any
) -> None:
    """Rename ``x`` to ``architecture.x``, in place; PyTorch's hook before loading.

    What the algorithm holds itself keeps its name.
    """
    own = {STUDENT, *_own_names(algorithm)}

    def renamed(key: str) -> str:
        name = key[len(prefix) :]
        theirs = key.startswith(prefix) and name.split('.')[0] not in own
        return f'{prefix}{PREFIX}{name}' if theirs else key

    for key in list(state_dict):
        state_dict[renamed(key)] = state_dict.pop(key)
    # PyTorch reads the versions from the caller's dict: add to it, remove nothing.
    versions = getattr(state_dict, '_metadata', None) or {}
    for module, version in list(versions.items()):
        versions.setdefault(renamed(_dotted(module)).removesuffix('.'), version)


def _dotted(module: str) -> str:
    """The prefix of a module's weights."""
    return f'{module}.' if module else ''
