# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Moved to :mod:`classroomkd_mm.networks`; kept for scripts written for 0.1."""

from ..networks import build_network, network_config

__all__ = ['build_network', 'network_config']
