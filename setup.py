# Copyright (c) classroomkd_mm authors. Licensed under Apache-2.0.
"""Install classroomkd_mm; see also pyproject.toml and requirements/.

Like every OpenMMLab package, this one ships its recipes and scripts in a folder
`.mim`, where `mim train classroomkd_mm RECIPE` looks for them: as copies in a wheel,
as links into the clone in an editable install.
"""

import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import editable_wheel

ROOT = Path(__file__).resolve().parent
NAME = 'classroomkd_mm'
FOR_MIM = ('configs', 'tools', 'model-index.yml')


class BuildWithMim(build_py):
    """Copy the files that MIM needs into the package of a wheel."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib, NAME, '.mim')
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for name in FOR_MIM:
            if (ROOT / name).is_dir():
                leave_out = shutil.ignore_patterns('__pycache__')
                shutil.copytree(ROOT / name, target / name, ignore=leave_out)
            else:
                shutil.copy2(ROOT / name, target / name)


class EditableWithMim(editable_wheel):
    """Link the files that MIM needs into the clone, and tell MIM where the clone is.

    MIM and MMEngine look for a package at `LOCATION/NAME`, then at
    `LOCATION/FIRST_LINE`, where LOCATION is the folder of the metadata and
    FIRST_LINE is the first line of `top_level.txt`. An editable install (PEP 660) has
    its metadata in site-packages, but not the package. `os.path.join` drops
    everything before an absolute path, so an absolute FIRST_LINE leads both tools to
    the clone. Python itself does not read the file, and `pip uninstall` uses RECORD.
    """

    def run(self) -> None:
        links = ROOT / NAME / '.mim'
        shutil.rmtree(links, ignore_errors=True)
        links.mkdir()
        for name in FOR_MIM:
            (links / name).symlink_to(Path('..', '..', name))
        self._ensure_dist_info()
        Path(self.dist_info_dir, 'top_level.txt').write_text(f'{ROOT / NAME}\n')
        super().run()


def requirements(name: str) -> list[str]:
    """Read requirements/NAME.txt, without its comments."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    stripped = (line.partition('#')[0].strip() for line in lines)
    return [line for line in stripped if line]


def version() -> str:
    """Read the version without importing the package."""
    scope: dict[str, str] = {}
    exec((ROOT / NAME / 'version.py').read_text(), scope)
    return scope['__version__']


setup(
    name=NAME,
    version=version(),
    description='Multi-mentor knowledge distillation (ClassroomKD) for OpenMMLab',
    license='Apache-2.0',
    python_requires='>=3.10',
    packages=find_packages(include=(NAME, f'{NAME}.*')),
    install_requires=requirements('runtime'),
    extras_require={
        'mim': requirements('mminstall'),
        'optional': requirements('optional'),
        'tests': requirements('tests'),
    },
    cmdclass={'build_py': BuildWithMim, 'editable_wheel': EditableWithMim},
    zip_safe=False,
)
