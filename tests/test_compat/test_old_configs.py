# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""What configs and scripts written for 0.1 say still works, or is refused by name."""

import subprocess
import sys
import textwrap

import pytest

ORDERS = {
    'the package first': 'import classroomkd_mm, mmengine',
    'mmengine first': 'import mmengine, classroomkd_mm',
    'mmrazor first': 'import mmrazor.registry, classroomkd_mm, mmrazor.models',
}


@pytest.mark.slow
@pytest.mark.parametrize('order', ORDERS.values(), ids=ORDERS)
def test_custom_imports_of_the_package_alone(order, tmp_path):
    config = tmp_path / 'old.py'
    config.write_text("custom_imports = dict(imports=['classroomkd_mm'])\n")
    code = f"""
    from mmengine.config import Config
    from mmengine.registry import HOOKS, MODELS
    Config.fromfile({str(config)!r})
    for registry, name in ((MODELS, 'ClassroomDistill'), (HOOKS, 'ClassroomHook')):
        with registry.switch_scope_and_registry('mmrazor') as mmrazor:
            print(mmrazor.get(name).__name__)
    """
    run = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', f'{order}\n{textwrap.dedent(code)}'],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split()[-2:] == ['ClassroomDistill', 'ClassroomHook']


def test_options_under_their_old_names(tiny):
    model = tiny.build_classroom(
        distiller=dict(
            type='ClassroomDistiller',
            knowledge_filter=dict(type='KnowledgeFilter', enabled=False),
            mentoring=dict(type='Mentoring', mode='dtkd'),
        )
    )
    assert model.distiller.knowledge_filter.filtering is False
    assert model.distiller.mentoring.mentoring == 'dtkd'


def test_an_old_name_beside_the_new_one_is_refused(tiny):
    both = dict(type='KnowledgeFilter', enabled=False, filtering=True)
    with pytest.raises(TypeError, match=r'`enabled`.*`filtering`.*one of them'):
        tiny.build_classroom(
            distiller=dict(type='ClassroomDistiller', knowledge_filter=both)
        )


def test_a_moved_option_is_refused_with_its_new_place(tiny):
    from mmrazor.registry import HOOKS

    with pytest.raises(TypeError, match=r'allow_other_mentors.*MentorManifestHook'):
        HOOKS.build(dict(type='ClassroomHook', allow_other_mentors=True))


def test_a_loss_that_takes_the_lesson_by_name_is_refused(tiny):
    from mmrazor.registry import MODELS
    from torch import nn

    @MODELS.register_module(force=True)
    class OldLoss(nn.Module):
        def forward(self, student_output, mentor_outputs, lesson):
            return student_output.sum()

    with pytest.raises(TypeError, match=r'OldLoss.*classroomkd_mm\.classroom\.Mentor'):
        tiny.build_classroom(
            distiller=dict(
                type='ClassroomDistiller',
                distill_losses=dict(loss=dict(type='OldLoss')),
            )
        )


def test_a_scorer_without_the_base_class_is_refused(tiny):
    from mmrazor.registry import MODELS
    from torch import nn

    @MODELS.register_module(force=True)
    class OldScorer(nn.Module):
        pass

    with pytest.raises(TypeError, match=r'OldScorer|classroomkd_mm\.classroom\.scorer'):
        tiny.build_classroom(
            distiller=dict(type='ClassroomDistiller', scorer=dict(type='OldScorer'))
        )


def test_modules_that_have_moved():
    from classroomkd_mm import networks
    from classroomkd_mm.mentors import build_mentors
    from classroomkd_mm.models import build, classroom, mentors
    from classroomkd_mm.tasks.pose import HeatmapScorer

    assert build.build_network is networks.build_network
    assert mentors.build_mentors is build_mentors
    assert classroom.HeatmapScorer is HeatmapScorer
