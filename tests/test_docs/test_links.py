# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Links between the pages lead to files and headings that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    str(page.relative_to(ROOT))
    for folder in ('*.md', 'docs/**/*.md', 'configs/**/*.md')
    for page in sorted(ROOT.glob(folder))
]


def without_code(page):
    return re.sub(r'```.*?```', '', page.read_text(), flags=re.DOTALL)


def anchors(page):
    """What GitHub calls the headings of a page."""
    for heading in re.findall(r'^#+ (.+)$', without_code(page), flags=re.MULTILINE):
        text = re.sub(r'\[([^]]*)\]\([^)]*\)', r'\1', heading).lower()
        yield re.sub(r'[^\w\- ]', '', text).replace(' ', '-')


@pytest.mark.parametrize('name', PAGES)
def test_links(name):
    page = ROOT / name
    for link in re.findall(r'\]\(([^)\s]+)\)', without_code(page)):
        if re.match(r'\w+:', link):
            continue
        path, _, anchor = link.partition('#')
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
