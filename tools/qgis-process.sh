#!/usr/bin/env bash
# Runs qgis_process with this checkout enabled as a plugin, in a profile of its own under build/.
#
#   tools/qgis-process.sh run subsidence:createexample --WIDTH=200 ...
#
# Debian's wrapper `qgis_process` passes an option that the program refuses, so `.bin` is preferred.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
home=${SUBSIDENCE_QGIS_HOME:-$root/build/qgis-home}
mkdir -p "$home/run" "$home/plugins"
chmod 700 "$home/run"
ln -sfn "$root" "$home/plugins/land_subsidence"
program=$(command -v qgis_process.bin || command -v qgis_process) || {
    echo "qgis_process is not installed; run 'make setup' first." >&2
    exit 1
}
site=$(echo "$root"/.venv/lib/python3*/site-packages)
export HOME=$home XDG_RUNTIME_DIR=$home/run QT_QPA_PLATFORM=offscreen
export QGIS_PLUGINPATH=$home/plugins PYTHONPATH=$site${PYTHONPATH:+:$PYTHONPATH}
# The Python inside QGIS takes its home from the first python3 of PATH: it must be that of the .venv.
[ -x "$root/.venv/bin/python" ] && PATH=$(dirname "$(readlink -f "$root/.venv/bin/python")"):$PATH
export PYTHONDONTWRITEBYTECODE=${PYTHONDONTWRITEBYTECODE:-}
if [ ! -e "$home/.enabled" ]; then
    "$program" plugins enable land_subsidence >/dev/null 2>&1
    touch "$home/.enabled"
fi
exec "$program" "$@"
