# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Recipes have the setting that does best; others are named, and take one line."""

import pytest

RECIPE = 'classroomkd_resnet8-w4_1xb20_digits.py'
PAPERS = ('KnowledgeFilter', 'ClassroomKDLoss')


@pytest.mark.parametrize(
    ('name', 'kinds', 'options', 'tau', 'weight'),
    [
        ('paper', PAPERS, dict(level='sample'), 'gap', 'student_score'),
        (
            'release',
            PAPERS,
            dict(level='batch', rank_decimals=2),
            'gap',
            'student_score',
        ),
        ('dist', ('TrustFilter', 'DISTLoss'), {}, 4.0, 'constant'),
        ('dkd', ('TrustFilter', 'DKDLoss'), {}, 4.0, 'constant'),
        (None, ('TrustFilter', 'ClassroomKDLoss'), {}, 4.0, 'constant'),
    ],
)
def test_a_recipe_with_a_setting(tiny, tmp_path, name, kinds, options, tau, weight):
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    from classroomkd_mm._launch import find_config

    path = tmp_path / 'mine.py'
    setting = f'model = dict(distiller=_base_.settings.{name})\n' if name else ''
    path.write_text(f'_base_ = {str(find_config(RECIPE))!r}\n{setting}')
    cfg = Config.fromfile(path)
    again = tmp_path / 'again.py'  # a run writes its config, to be run again
    cfg.dump(again)
    assert Config.fromfile(again).model == cfg.model
    init_default_scope(cfg.default_scope)
    distiller = tiny.MODELS.build(cfg.model).distiller
    (loss,) = distiller.distill_losses.values()
    found = (distiller.knowledge_filter, getattr(loss, 'loss', loss))
    assert tuple(type(part).__name__ for part in found) == kinds
    assert vars(distiller.knowledge_filter).items() >= options.items()
    assert distiller.mentoring.mentoring == tau
    assert distiller.task_weight == weight


@pytest.mark.parametrize(
    'recipe',
    [
        'classroomkd_hrnet-w48+hrnet-w32+res50_mobilenetv2_8xb64-210e_coco-256x192.py',
        'classroomkd_rtmpose-l+rtmpose-m+hrnet-w48_rtmpose-t_8xb256-420e_coco-256x192.py',
    ],
)
def test_pose_recipes_with_the_filter_and_the_pace_of_the_paper(tmp_path, recipe):
    pytest.importorskip('mmpose')
    from mmengine.config import Config

    from classroomkd_mm._launch import find_config

    ours = Config.fromfile(find_config(recipe)).model.distiller
    # Half of the OKS of a sane mentor is that of one whose joints are shifted.
    trust = dict(type='TrustFilter', full_trust=0.75, no_trust=0.5)
    assert ours.knowledge_filter == trust
    assert ours.mentoring.mentoring == 'off'
    path = tmp_path / 'mine.py'
    path.write_text(
        f'_base_ = {str(find_config(recipe))!r}\n'
        'model = dict(distiller=_base_.settings.paper)\n'
    )
    paper = Config.fromfile(path).model.distiller
    assert paper.knowledge_filter == dict(type='KnowledgeFilter', level='sample')
    assert paper.mentoring == dict(type='Mentoring', mentoring='gap', tau_max=4)
    assert paper.distill_losses == ours.distill_losses
