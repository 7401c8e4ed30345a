# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
import pytest
from mmengine.registry import Registry
from torch import nn

from classroomkd_mm.options import build_part, check_options, options_of

PARTS = Registry('part')


class Base:
    def __init__(self, shared=1, overridden=2):
        pass


class Closed(Base):
    def __init__(self, own=1, *, keyword=2):
        super().__init__()


class Open(Base):
    def __init__(self, own=1, **kwargs):
        super().__init__(**kwargs)


class Inherited(Open):
    pass


@PARTS.register_module()
class Part(nn.Module):
    def __init__(self, size=1):
        super().__init__()
        self.size = size


@pytest.mark.parametrize(
    ('cls', 'options'),
    [
        (Base, {'shared', 'overridden'}),
        (Closed, {'own', 'keyword'}),
        (Open, {'own', 'shared', 'overridden'}),
        (Inherited, {'own', 'shared', 'overridden'}),
        (nn.Identity, set()),
    ],
)
def test_options_of(cls, options):
    assert options_of(cls) >= options
    if cls is not nn.Identity:
        assert options_of(cls) == options


def test_known_options_pass():
    check_options('The part', ['size', 'level'], {'level', 'size', 'other'})
    check_options('The part', [], [])


def test_unknown_option_lists_all_and_the_closest():
    with pytest.raises(TypeError) as caught:
        check_options('The part', ['size', 'levle'], {'level', 'size'})
    assert str(caught.value) == (
        "The part has no option 'levle'. Did you mean 'level'? It has: level, size."
    )
    with pytest.raises(TypeError, match=r"no option 'xyz'\. It has: level\."):
        check_options('The part', ['xyz'], ['level'])


def test_build_part():
    assert build_part(dict(type='Part', size=3), PARTS, 'role', 'Part').size == 3
    assert build_part(dict(type=Part, size=3), PARTS, 'role', 'Part').size == 3
    assert build_part(dict(size=3), PARTS, 'role', 'Part').size == 3
    assert isinstance(build_part(None, PARTS, 'role', 'Part'), Part)
    built = Part()
    assert build_part(built, PARTS, 'role', 'Part') is built


def test_build_part_keeps_the_config():
    cfg = dict(type='Part', size=3)
    build_part(cfg, PARTS, 'role', 'Part')
    assert cfg == dict(type='Part', size=3)


@pytest.mark.parametrize(
    ('cfg', 'error', 'message'),
    [
        (dict(type='Part', sise=3), TypeError, r"role \(Part\).*'sise'.*'size'"),
        (dict(type='Missing'), KeyError, 'Missing'),
        ('Part', TypeError, r"role must be a dict.*'Part'"),
        (3, TypeError, r'role must be a dict.*3'),
    ],
    ids=str,
)
def test_build_part_refuses(cfg, error, message):
    with pytest.raises(error, match=message):
        build_part(cfg, PARTS, 'role', 'Part')
