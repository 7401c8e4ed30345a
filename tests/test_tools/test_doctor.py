# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""``tools/analysis/doctor.py``, from the command line."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest
import torch

PATH = Path(__file__).parents[2] / 'tools/analysis/doctor.py'
CONFIG = """
custom_imports = dict(
    imports=['classroomkd_mm.models', 'classroomkd_mm.engine', 'tiny_colours']
)
default_scope = 'mmpretrain'
model = dict(
    type='mmrazor.ClassroomDistill',
    architecture=dict(
        type='mmpretrain.ImageClassifier',
        data_preprocessor=dict(
            num_classes=4, mean=[120.0] * 3, std=[60.0] * 3, to_rgb=True
        ),
        backbone=dict(type='TinyBackbone', channels=4),
        neck=dict(type='GlobalAveragePooling'),
        head=dict(type='LinearClsHead', num_classes=4, in_channels=4),
    ),
    mentors=dict(
        good=dict(
            model=dict(type='tiny_colours.BareReader'),
            data_preprocessor=dict(mean=[0.0] * 3, std=[255.0] * 3, to_rgb=True),
            ckpt='reader.pth',
        ),
        weak=dict(
            model=dict(type='tiny_colours.BareReader', knows=0.6),
            data_preprocessor=dict(mean=[0.0] * 3, std=[255.0] * 3, to_rgb=True),
            ckpt='reader.pth',
        ),
    ),
)
val_dataloader = dict(
    batch_size=32,
    num_workers=2,
    persistent_workers=True,
    dataset=dict(type='mmengine.ColourData', size=200),
    sampler=dict(type='DefaultSampler', shuffle=False),
)
train_dataloader = val_dataloader
"""


@pytest.fixture
def doctor(tiny, tmp_path, monkeypatch, capsys):
    """Run the tool; return its exit status and what it prints."""
    import tiny_colours

    spec = importlib.util.spec_from_file_location('doctor', PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.chdir(tmp_path)
    Path('config.py').write_text(CONFIG)
    torch.save(tiny_colours.Reader().state_dict(), 'reader.pth')

    def run(*arguments, config='config.py'):
        monkeypatch.setattr(sys, 'argv', ['doctor', config, *map(str, arguments)])
        status = module.main()
        return status, capsys.readouterr().out

    return run


@pytest.fixture
def diagnosis(doctor):
    """Run it with options of the config; return status, report and findings."""

    def run(*options, config='config.py', more=()):
        options = ('--cfg-options', *options) if options else ()
        status, text = doctor('--json', *more, *options, config=config)
        report = json.loads(text)
        assert report['ok'] == (status == 0)
        found = {(f['level'], f['about']): f['text'] for f in report['findings']}
        return status, report, found

    return run


GOOD = ('error', "mentor 'good'")


def test_all_is_well(diagnosis):
    status, report, found = diagnosis()
    assert status == 0 and found.keys() == {('note', 'student')}
    good, weak = report['mentors']['good'], report['mentors']['weak']
    assert good['accuracy'] == 1 and 0.4 < weak['accuracy'] < 0.9
    assert report['agreement']['good']['weak'] == pytest.approx(weak['accuracy'])
    assert report['data'] == dict(source='val_dataloader', samples=128)
    assert good['input'] == dict(
        channels=3, height=12, width=12, mean=[0.0] * 3, std=[255.0] * 3,
        swaps_channels=True,
    )  # fmt: skip
    assert good['classes'] == 4 and good['parameters'] == 12
    assert len(good['sha256']) == 64 and 'reader.pth' in good['source']
    assert good['relative_cost'] == pytest.approx(
        good['ms_per_image'] / report['student']['ms_per_image']
    )


def test_text(doctor):
    status, text = doctor('--batches', 1)
    assert status == 0
    assert 'Versions: python' in text and 'On 32 samples of val_dataloader' in text
    assert text.rstrip().endswith('All is well.')
    assert max(map(len, text.splitlines())) < 200


@pytest.mark.parametrize(
    ('option', 'reason', 'remedy'),
    [
        (
            'model.mentors.good.data_preprocessor.to_rgb=False',
            'channel order',
            'with data_preprocessor=dict(to_rgb=True) it scores 100.0 %',
        ),
        (
            'model.mentors.good.data_preprocessor.std=[1.0,1.0,1.0]',
            'normalization (values from 0 to 1)',
            'with data_preprocessor=dict(mean=[0.0, 0.0, 0.0], std=[255.0, 255.0, '
            '255.0]) it scores 100.0 %',
        ),
        (
            'model.mentors.good.class_map=[1,2,3,0]',
            'class order',
            'with class_map=[0, 1, 2, 3] it scores 100.0 %',
        ),
    ],
)
def test_the_likely_reason(diagnosis, option, reason, remedy):
    status, report, found = diagnosis(option)
    assert status == 1 and report['mentors']['good']['near_chance']
    text = found[GOOD]
    assert f'The likely reason is its {reason}:' in text
    assert remedy in text


def test_no_reason_to_be_found(diagnosis):
    _, _, found = diagnosis('model.mentors.good.model.sharpness=0.0')
    text = found[GOOD]
    assert 'near chance' in text and 'No change helps. Tried: channel order' in text


def test_a_missing_mentor_does_not_hide_the_others(diagnosis):
    status, report, found = diagnosis('model.mentors.good.ckpt=nowhere.pth')
    assert status == 1 and "'nowhere.pth' does not exist" in found[GOOD]
    assert report['mentors'].keys() == {'weak'}


def test_every_wrong_mentor_is_named(diagnosis):
    status, report, found = diagnosis(
        'model.mentors.good.ckpt=nowhere.pth', 'model.mentors.weak.wrong=1'
    )
    assert status == 1 and 'mentors' not in report
    assert found.keys() == {GOOD, ('error', "mentor 'weak'")}


def test_random_on_purpose_is_a_note(diagnosis):
    status, _, found = diagnosis('model.mentors.good.ckpt=None')
    assert status == 0 and 'on purpose' in found['note', "mentor 'good'"]


@pytest.mark.parametrize(
    ('option', 'about', 'text'),
    [
        (
            'val_dataloader.dataset.type=Nowhere',
            'val_dataloader',
            'on train_dataloader',
        ),
        ('val_dataloader.dataset.labelled=False', 'val_dataloader', 'neither gt_label'),
    ],
)
def test_the_training_set_takes_the_place(diagnosis, option, about, text):
    status, report, found = diagnosis(option)
    assert status == 0 and report['data']['source'] == 'train_dataloader'
    assert text in found['note', about]


def test_no_data(diagnosis):
    _, report, found = diagnosis(
        'val_dataloader.dataset.size=0', 'train_dataloader.dataset.size=0'
    )
    assert {level for level, _ in found} >= {'error'}
    assert report['mentors']['good'].keys() == {'source'}


def test_a_checkpoint_of_the_student(diagnosis, tiny):
    model = tiny.MODELS.build(tiny.classroom_config())
    torch.save(dict(state_dict=model.state_dict()), 'student.pth')
    status, _, found = diagnosis(more=('--checkpoint', 'student.pth'))
    assert status == 0 and found == {}
    torch.save(dict(state_dict={}), 'student.pth')
    status, _, found = diagnosis(more=('--checkpoint', 'student.pth'))
    assert status == 1 and 'lacks' in found['error', 'student']


@pytest.mark.parametrize(
    ('config', 'text'), [(None, 'not a ClassroomDistill'), ('nix.py', 'neither a file')]
)
def test_a_wrong_config(diagnosis, config, text):
    Path('plain.py').write_text("model = dict(type='Other')")
    status, _, found = diagnosis(config=config or 'plain.py')
    assert status == 1 and text in found['error', 'config']
