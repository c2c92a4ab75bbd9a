#!/usr/bin/env bash
# Installs what the plugin needs to run and be tested here: QGIS from the distribution where it is
# missing, and a .venv on the system's Python that sees QGIS. A QGIS that is present is not touched.
#
#   TORCH=torch==2.13.0    which PyTorch to install (an open range may take a build of gigabytes)
set -euo pipefail
cd "$(dirname "$0")/.."
python=${SYSTEM_PYTHON:-/usr/bin/python3}
torch=${TORCH:-torch==2.13.0}
packages="qgis python3-qgis qgis-providers gdal-bin python3-gdal python3-venv python3-scipy
    python3-matplotlib python3-jinja2 fonts-dejavu-core"
# For the tests of studies that several computers share: the tests start a server of their own.
database="postgresql python3-psycopg2"
# For the tests in QGIS's real window, and for translations (lupdate, lrelease).
window="xvfb xauth qttools5-dev-tools"

say() { printf '\n== %s\n' "$*"; }

sees_qgis() { [ -x "$python" ] && QT_QPA_PLATFORM=offscreen "$python" -c 'import qgis.core, osgeo.gdal_array' 2>/dev/null; }

# Needs root or sudo; says so where there is neither.
apt_install() {
    local as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "Run this as root or install sudo to install: $*" >&2; return 1; }
        as_root="sudo"
    fi
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >build/apt.log 2>&1 || {
        tail -n 20 build/apt.log >&2
        return 1
    }
}

install_qgis() {
    say "QGIS is not here: installing it from the distribution's packages"
    command -v apt-get >/dev/null || {
        echo "Install QGIS (3.22 or newer) with its Python bindings by hand; apt-get is not here." >&2
        exit 1
    }
    # shellcheck disable=SC2086
    apt_install $packages || exit 1
}

sees_postgres() {
    { command -v pg_ctl || ls /usr/lib/postgresql/*/bin/pg_ctl; } >/dev/null 2>&1 &&
        "$python" -c 'import psycopg2' 2>/dev/null
}

# Without it everything works but studies in PostgreSQL, whose tests are skipped with a reason.
install_postgres() {
    command -v apt-get >/dev/null || { echo "PostgreSQL is not here: its tests will be skipped." >&2; return; }
    say "Installing PostgreSQL for the tests (no server is set up or started)"
    # The server's package would make and start a server of its own, unless this is said before.
    local settings=/etc/postgresql-common/createcluster.conf as_root=""
    [ "$(id -u)" -eq 0 ] || as_root="sudo"
    apt_install postgresql-common &&
        $as_root sed -i 's/^#\?create_main_cluster *=.*/create_main_cluster = false/' "$settings" || {
        echo "PostgreSQL could not be installed: its tests will be skipped." >&2
        return
    }
    # shellcheck disable=SC2086
    apt_install $database || echo "PostgreSQL could not be installed: its tests will be skipped." >&2
}

# Asked for their version, since a 'lrelease' may be there that only passes calls on, to nothing.
has_window_tools() {
    command -v xvfb-run >/dev/null && lupdate -version >/dev/null 2>&1 && lrelease -version >/dev/null 2>&1
}

# Without them everything works but what needs a window or makes translations, which says so.
install_window_tools() {
    local lost="tests in QGIS's window will be skipped, and translations cannot be made here."
    command -v apt-get >/dev/null || { echo "xvfb-run, lupdate or lrelease is not here: $lost" >&2; return; }
    say "Installing a screen without display for tests in the window, and Qt's translation tools"
    # shellcheck disable=SC2086
    apt_install $window || echo "xvfb and Qt's tools could not be installed: $lost" >&2
}

make_venv() {
    say "Making .venv on $python, which sees QGIS's packages"
    rm -rf .venv
    "$python" -m venv --system-site-packages .venv || {
        rm -rf .venv
        echo "Python's venv module is incomplete: install python3-venv." >&2
        exit 1
    }
}

install_packages() {
    say "Installing the Python packages beside the numpy and scipy of QGIS's Python"
    # GDAL's bindings are compiled against this numpy: pip must not put another one in front of it.
    "$python" -c 'import numpy; print(f"numpy=={numpy.__version__}")' >.venv/constraints.txt
    "$python" -c 'import scipy; print(f"scipy=={scipy.__version__}")' >>.venv/constraints.txt 2>/dev/null || true
    .venv/bin/python -m pip install --quiet --disable-pip-version-check \
        -c .venv/constraints.txt "$torch" -r requirements.txt -r requirements-dev.txt
}

mkdir -p build
sees_qgis || install_qgis
sees_qgis || { echo "QGIS is installed but '$python' cannot import it." >&2; exit 1; }
sees_postgres || install_postgres
has_window_tools || install_window_tools
if ! .venv/bin/python -c 'import qgis.core' 2>/dev/null; then make_venv; fi
install_packages
QT_QPA_PLATFORM=offscreen .venv/bin/python tools/versions.py
touch .venv/.ready
