# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""A recipe takes one of the named settings in one line."""

import pytest

RECIPE = 'classroomkd_resnet8-w4_1xb20_digits.py'


@pytest.mark.parametrize(
    ('name', 'filter_type', 'options', 'tau', 'weight'),
    [
        ('paper', 'KnowledgeFilter', dict(level='sample'), 'gap', 'student_score'),
        (
            'release',
            'KnowledgeFilter',
            dict(level='batch', rank_decimals=2),
            'gap',
            'student_score',
        ),
        ('trust', 'TrustFilter', {}, 4.0, 'constant'),
    ],
)
def test_a_recipe_with_a_setting(
    tiny, tmp_path, name, filter_type, options, tau, weight
):
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    from classroomkd_mm._launch import find_config

    path = tmp_path / 'mine.py'
    path.write_text(
        f'_base_ = {str(find_config(RECIPE))!r}\n'
        f'model = dict(distiller=_base_.settings.{name})\n'
    )
    cfg = Config.fromfile(path)
    again = tmp_path / 'again.py'  # a run writes its config, to be run again
    cfg.dump(again)
    assert Config.fromfile(again).model == cfg.model
    init_default_scope(cfg.default_scope)
    distiller = tiny.MODELS.build(cfg.model).distiller
    kind = type(distiller.knowledge_filter)
    assert kind.__name__ == filter_type
    assert vars(distiller.knowledge_filter).items() >= options.items()
    assert distiller.mentoring.mentoring == tau
    assert distiller.task_weight == weight
