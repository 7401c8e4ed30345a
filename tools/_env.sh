# The environment of demo.sh and run_tests.sh; to be sourced with their arguments.
#
# Sets `root` (the clone), `python` (what to run) and `arguments` (those that are left).
# Without --no-venv, `python` is that of .venv in the clone, which is made at the first
# call: the packages of requirements/lock.txt and the project, editable. What was
# installed is stamped, so that a later call does again only what has changed.
# `in_venv` is true or false; install_optional is for a script that needs more.

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
        fail "$venv was not made by this script. Remove it, or give --no-venv."
    fi
    local base
    base=$(find_python)
    echo "Installing the packages of requirements/lock.txt in $venv: some minutes." >&2
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

# The packages of requirements/lock-optional.txt, in a folder that Python does not look
# into unless PYTHONPATH names it: they would slow down everything else.
install_optional() {
    local wanted
    wanted=$(stamp "$root/requirements/lock-optional.txt")
    if [ "$(cat "$venv/optional.stamp" 2>/dev/null)" != "$wanted" ]; then
        echo "Installing the packages of requirements/lock-optional.txt in $optional." >&2
        rm -rf "$optional" "$venv/optional.stamp"
        install --require-hashes --target "$optional" \
            --requirement "$root/requirements/lock-optional.txt"
        echo "$wanted" >"$venv/optional.stamp"
    fi
}

install() {
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps "$@"
}

# The place is part of a stamp: a clone that was moved has to be installed again.
stamp() {
    { echo "$root" && cat "$@"; } | sha256sum
}

# A candidate has to be run: the shims of pyenv are there for versions that are not.
find_python() {
    [ "$(uname -sm)" = 'Linux x86_64' ] ||
        fail "requirements/lock.txt is for Linux on x86-64, this is $(uname -sm)." \
            "Make an environment by hand (see README.md) and give --no-venv."
    local candidate
    for candidate in python3 python3.11 python3.10; do
        if "$candidate" -c 'import sys, ensurepip, venv
sys.exit(sys.version_info[:2] not in ((3, 10), (3, 11)))' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.10 or 3.11 with venv is needed, and none of python3, python3.11 and" \
        "python3.10 is that (xtcocotools has no wheels for others; on Debian, venv is" \
        "in the package python3-venv)."
}

fail() {
    echo "$*" >&2
    exit 1
}
