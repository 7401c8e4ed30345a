# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Every wrong config is refused before the first batch, and says what to do."""

import pytest
import wrong_configs as wrong


@pytest.fixture(scope='module')
def folder(tiny, tmp_path_factory):
    """A folder with checkpoints."""
    folder = tmp_path_factory.mktemp('folder')
    wrong.write_weights(folder)
    return folder


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize(
    'number',
    range(len(wrong.CASES)),
    ids=lambda number: '-'.join(wrong.CASES[number][1].change)[-60:],
)
def test_a_wrong_config(folder, number):
    _, case = wrong.CASES[number]
    error = wrong.error_of(number, folder)
    assert type(error) is case.error, error
    message = wrong.message_of(error, folder)
    for word in case.words:
        assert word in message


def test_there_are_many():
    assert len(wrong.CASES) >= 60
    for _, case in wrong.CASES:
        assert case.words and case.remedy.endswith('.')


@pytest.mark.filterwarnings('ignore')
def test_the_good_configs_are_good(folder):
    wrong.build(wrong.changed(wrong.good_pose_config(), {}, folder), True, folder)
    with pytest.raises(wrong.Reached):
        wrong.build(wrong.changed(wrong.good_config(), {}, folder), False, folder)


@pytest.mark.filterwarnings('ignore')
def test_the_page_is_current(folder):
    assert wrong.PAGE.read_text() == wrong.page(folder), (
        'docs/errors.md is old: run `python tests/wrong_configs.py`'
    )
