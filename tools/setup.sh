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

say() { printf '\n== %s\n' "$*"; }

sees_qgis() { [ -x "$python" ] && QT_QPA_PLATFORM=offscreen "$python" -c 'import qgis.core, osgeo.gdal_array' 2>/dev/null; }

install_qgis() {
    say "QGIS is not here: installing it from the distribution's packages"
    command -v apt-get >/dev/null || {
        echo "Install QGIS (3.22 or newer) with its Python bindings by hand; apt-get is not here." >&2
        exit 1
    }
    local as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "Run this as root or install sudo: QGIS is missing." >&2; exit 1; }
        as_root="sudo"
    fi
    $as_root apt-get update -qq
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >build/apt.log 2>&1 || {
        tail -n 20 build/apt.log >&2
        exit 1
    }
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
if ! .venv/bin/python -c 'import qgis.core' 2>/dev/null; then make_venv; fi
install_packages
QT_QPA_PLATFORM=offscreen .venv/bin/python tools/versions.py
touch .venv/.ready
