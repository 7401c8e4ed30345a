# The environment of demo.sh and run_tests.sh, which source this file.
#
# use_environment sets `root` (the clone), `python` (the interpreter), `arguments` (the
# remaining arguments) and `in_venv` (true or false). Unless --no-venv is given, `python`
# is that of .venv in the clone. The first call creates it, with the packages of
# requirements/lock.txt and the project in editable mode. Stamp files record what is
# installed, so that later calls install only what changed. install_optional installs
# the packages that only some tests need.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.venv
optional=$venv/optional

use_environment() {
    arguments=()
    in_venv=true
    local argument
    for argument in "$@"; do
        if [ "$argument" = --no-venv ]; then
            in_venv=false
        else
            arguments+=("$argument")
        fi
    done
    if $in_venv; then
        python=$venv/bin/python
        install_lock
        install_project
    else
        python=$(command -v python || command -v python3) || fail "There is no python."
        "$python" -c 'import classroomkd_mm' ||
            fail "Install the project in the active environment: pip install -e $root"
    fi
}

install_lock() {
    local wanted
    wanted=$(stamp "$root/requirements/lock.txt")
    if [ "$(cat "$venv/lock.stamp" 2>/dev/null)" = "$wanted" ]; then
        return
    fi
    if [ -e "$venv" ] && [ ! -e "$venv/lock.stamp" ]; then
        fail "$venv was not created by this script. Remove it, or use --no-venv."
    fi
    local base
    base=$(find_python)
    echo "Installing requirements/lock.txt in $venv. This takes some minutes." >&2
    rm -rf "$venv"
    "$base" -m venv "$venv"
    touch "$venv/lock.stamp"
    install --require-hashes --requirement "$root/requirements/lock.txt"
    echo "$wanted" >"$venv/lock.stamp"
}

install_project() {
    local wanted
    wanted=$(stamp "$root"/setup.py "$root"/pyproject.toml "$root"/requirements/*.txt \
        "$root"/classroomkd_mm/version.py)
    if [ "$(cat "$venv/project.stamp" 2>/dev/null)" != "$wanted" ]; then
        install --no-build-isolation --editable "$root"
        echo "$wanted" >"$venv/project.stamp"
    fi
}

# Install requirements/lock-optional.txt in a folder outside Python's search path, since
# these packages slow down all other runs. PYTHONPATH adds it where needed.
install_optional() {
    local wanted
    wanted=$(stamp "$root/requirements/lock-optional.txt")
    if [ "$(cat "$venv/optional.stamp" 2>/dev/null)" != "$wanted" ]; then
        echo "Installing requirements/lock-optional.txt in $optional." >&2
        rm -rf "$optional" "$venv/optional.stamp"
        install --require-hashes --target "$optional" \
            --requirement "$root/requirements/lock-optional.txt"
        echo "$wanted" >"$venv/optional.stamp"
    fi
}

install() {
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps "$@"
}

# A stamp includes the path of the clone: after moving it, the project is installed again.
stamp() {
    { echo "$root" && cat "$@"; } | sha256sum
}

# Run each candidate, since pyenv has shims even for versions that are not installed.
find_python() {
    [ "$(uname -sm)" = 'Linux x86_64' ] ||
        fail "requirements/lock.txt is for Linux on x86-64, this is $(uname -sm)." \
            "Create an environment manually (see README.md) and use --no-venv."
    local candidate
    for candidate in python3 python3.11 python3.10; do
        if "$candidate" -c 'import sys, ensurepip, venv
sys.exit(sys.version_info[:2] not in ((3, 10), (3, 11)))' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    fail "This needs Python 3.10 or 3.11 with venv, but none of python3, python3.11 and" \
        "python3.10 provides it (xtcocotools has no wheels for other versions; on" \
        "Debian, venv is in the package python3-venv)."
}

fail() {
    echo "$*" >&2
    exit 1
}
