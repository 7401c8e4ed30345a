# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Hooks. MMRazor's registries load them."""

from .hooks import ClassroomHook, StudentConfigHook

__all__ = ['ClassroomHook', 'StudentConfigHook']
