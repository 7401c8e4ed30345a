# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Making a classroom look like its student: same names, same attributes."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor, nn

STUDENT = 'architecture'
PREFIX = f'{STUDENT}.'


class StudentFace(nn.Module):
    """Mixin for an algorithm that looks like its student from outside.

    MMRazor's algorithms store the student as their child ``architecture``. But
    optimizer constructors, hooks, inferencers and checkpoints of MMEngine, MMPretrain
    and MMPose look for ``backbone``, ``head.loss_module`` or ``get_layer_depth``.

    The module tree stays that of MMRazor: when PyTorch and MMEngine move, switch,
    initialise or load modules, they reach the student itself, with its own methods and
    hooks. Only *names* are those of the student:

    - ``named_modules``, ``named_children``, ``named_parameters``, ``named_buffers``
      and state dicts omit ``architecture.``. State dicts load with or without it.
    - Attributes that the algorithm lacks are read from the student. They are set on
      the student if it has them.
    - ``isinstance`` also accepts the student's class, since hooks check the class of a
      model. ``type`` returns the class of the algorithm.

    The alternatives are worse. A class derived from the student's at run time cannot be
    pickled, and leaves no plain student to run. If the student's children were children
    of the algorithm, PyTorch would bypass the student's own ``train``,
    ``init_weights``, parameters and state dict hooks.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._register_state_dict_hook(_drop_prefix)
        self._register_load_state_dict_pre_hook(_add_prefix, with_module=True)

    @property
    def __class__(self) -> type:
        """The student's class, which ``isinstance`` checks after ``type``."""
        student = self.__dict__.get('_modules', {}).get(STUDENT)
        return type(self if student is None else student)

    def __reduce_ex__(self, protocol: int) -> tuple:
        """Copy and pickle by ``type``, not by ``__class__``."""
        return _new, (type(self),), self.__dict__

    def _get_name(self) -> str:
        return type(self).__name__

    def children(self) -> Iterator[nn.Module]:
        """Iterate over the actual children, which PyTorch moves and switches.

        Yields:
            nn.Module: The student, and the algorithm's other children.
        """
        yield from dict.fromkeys(m for m in self._modules.values() if m is not None)

    def named_children(self) -> Iterator[tuple[str, nn.Module]]:
        """Iterate over the student's children and the algorithm's other children.

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
            memo (set[nn.Module], optional): Modules already visited.
            prefix (str): Prefix of all names.
            remove_duplicate (bool): Whether to skip modules already visited.

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
            prefix (str): Prefix of all names.
            recurse (bool): Whether to include submodules; if not, only the student's
                direct parameters are returned. Defaults to True.
            remove_duplicate (bool): Whether to skip parameters already visited.

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
            prefix (str): Prefix of all names.
            recurse (bool): As in :meth:`named_parameters`.
            remove_duplicate (bool): Whether to skip buffers already visited.

        Returns:
            Iterator[tuple[str, Tensor]]: Names and buffers.
        """
        holder = super() if recurse else self._modules[STUDENT]
        return holder.named_buffers(prefix, recurse, remove_duplicate)

    def add_module(self, name: str, module: nn.Module | None) -> None:
        """Add a child, or replace one of the student's, as norm conversions do.

        Args:
            name (str): Name of the child.
            module (nn.Module, optional): The child.
        """
        student = self._modules.get(STUDENT)
        if student is not None and name in student._modules:
            setattr(self, name, module)
        else:
            super().add_module(name, module)

    def __getattr__(self, name: str) -> Any:
        """Read an attribute that the algorithm lacks from the student."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            student = self.__dict__.get('_modules', {}).get(STUDENT)
            if student is None or name.startswith('__') or not hasattr(student, name):
                raise
        return getattr(student, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute that only the student has on the student."""
        modules = self.__dict__.get('_modules', {})
        student = modules.get(STUDENT)
        shared = student is not None and name in student._modules and name in modules
        own = name in self.__dict__ or name in modules or hasattr(type(self), name)
        if shared or (student is not None and not own and hasattr(student, name)):
            setattr(student, name, value)
        if shared or own or student is None or not hasattr(student, name):
            super().__setattr__(name, value)


def _new(cls: type) -> nn.Module:
    """Create an empty instance, which copy and pickle then fill."""
    return cls.__new__(cls)


def _own_names(algorithm: nn.Module) -> list[str]:
    """Names of the algorithm's own entries, without the student and its children."""
    student = algorithm._modules[STUDENT]
    names = (*algorithm._modules, *algorithm._parameters, *algorithm._buffers)
    return [n for n in names if n != STUDENT and n not in student._modules]


def _drop_prefix(
    algorithm: nn.Module, state_dict: dict[str, Any], prefix: str, _: dict
) -> None:
    """Rename ``architecture.x`` to ``x``, in place; a state dict hook of PyTorch."""

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
    """Rename ``x`` to ``architecture.x``, in place; a pre-load hook of PyTorch.

    The algorithm's own entries keep their names.
    """
    own = {STUDENT, *_own_names(algorithm)}

    def renamed(key: str) -> str:
        name = key[len(prefix) :]
        theirs = key.startswith(prefix) and name.split('.')[0] not in own
        return f'{prefix}{PREFIX}{name}' if theirs else key

    for key in list(state_dict):
        state_dict[renamed(key)] = state_dict.pop(key)
    # PyTorch reads the versions from the caller's dict, so only add entries.
    versions = getattr(state_dict, '_metadata', None) or {}
    for module, version in list(versions.items()):
        versions.setdefault(renamed(_dotted(module)).removesuffix('.'), version)


def _dotted(module: str) -> str:
    """The name prefix of a module's weights."""
    return f'{module}.' if module else ''
