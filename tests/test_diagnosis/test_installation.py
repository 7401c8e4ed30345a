# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Versions, remedies and devices."""

import json

import pytest


@pytest.fixture(scope='module')
def installation():
    from classroomkd_mm.diagnosis.findings import Findings
    from classroomkd_mm.diagnosis.installation import describe_installation

    findings = Findings()
    return describe_installation(findings), findings


def test_versions(installation):
    import mmengine
    import torch

    from classroomkd_mm import __version__

    versions = installation[0]['versions']
    assert versions['classroomkd_mm'] == __version__
    assert torch.__version__.startswith(versions['torch'])
    assert versions['mmengine'] == mmengine.__version__
    assert {'mmcv', 'mmcv-lite'} & versions.keys()


def test_all_remedies_are_listed_with_their_reason(installation):
    from classroomkd_mm.compat.stand_ins import STAND_INS
    from classroomkd_mm.compat.watching import AFTER_IMPORT

    remedies = {remedy['name']: remedy for remedy in installation[0]['remedies']}
    assert remedies.keys() >= {*STAND_INS, *AFTER_IMPORT}
    assert all(len(remedy['why']) > 20 for remedy in remedies.values())
    needed = STAND_INS['mmcv.ops'].needed()
    assert remedies['mmcv.ops']['active'] == needed
    assert remedies['mmrazor.models']['active']


def test_it_is_json_and_all_is_well(installation):
    report, findings = installation
    assert findings == [] and findings.all_is_well
    assert report['devices'][0].startswith('cpu')
    assert json.loads(json.dumps(report)) == report


def test_a_package_that_fails_is_a_finding(monkeypatch):
    from classroomkd_mm.diagnosis import installation as module
    from classroomkd_mm.diagnosis.findings import Findings

    def fail(name):
        raise ImportError('libGL is missing')

    monkeypatch.setattr(module, 'import_module', fail)
    findings = Findings()
    module.describe_installation(findings)
    assert not findings.all_is_well
    assert findings[0] == (
        'error',
        'import classroomkd_mm.models',
        'ImportError: libGL is missing',
    )
