#!/usr/bin/env bash
# Runs the tests, or any command, on a newer QGIS: that of another Debian release, in a chroot.
#
#   tools/newer_qgis.sh trixie                       QGIS 3.40: all tests
#   tools/newer_qgis.sh forky -k styles tests/...    QGIS 3.44: what pytest is told after the suite
#   tools/newer_qgis.sh forky --run 'COMMAND'        a shell command in the copy of this checkout
#
# Needs root and Debian or a relative of it with debootstrap (installed where it is missing). The
# first call installs about 4 GB outside the checkout, in $NEWER_QGIS (default: the user's cache
# folder), and takes some minutes. Every call copies this checkout there (what git tracks or does
# not ignore), so nothing here is written, but build/SUITE: that is $OUT for the command.
# torch, scikit-learn, scipy and matplotlib are the release's own packages: pip's torch for Linux
# would bring gigabytes of CUDA. The exit code is that of the tests.
set -euo pipefail
usage="usage: tools/newer_qgis.sh trixie|forky [--run COMMAND | PYTEST ARGUMENTS]"
suite=${1:?$usage}
shift
checkout=$(cd "$(dirname "$0")/.." && pwd)
data=$(realpath -m "${SUBSIDENCE_TEST_DATA:-$checkout/../shared/data}")
root=${NEWER_QGIS:-${XDG_CACHE_HOME:-$HOME/.cache}/land-subsidence-qgis}/$suite
packages="qgis python3-qgis qgis-providers gdal-bin python3-gdal python3-venv python3-pip
    python3-torch python3-sklearn python3-scipy python3-matplotlib python3-jinja2
    python3-pyqt6 fonts-dejavu-core git make xvfb xauth postgresql python3-psycopg2"

say() { printf '== %s\n' "$*" >&2; }
stop() { echo "$*" >&2; exit 2; }

# The mounts live in a namespace of their own and go with the command.
inside() {
    unshare --mount bash -c '
        set -e
        root=$1 copy=$2 checkout=$3 data=$4 command=$5
        here() { mkdir -p "$2"; mount --bind "${@:3}" "$1" "$2"; }
        for folder in /proc /sys /dev; do mount --bind "$folder" "$root$folder"; done
        mount -t tmpfs tmpfs "$root/dev/shm"
        here "$copy/tmp" "$root/tmp"
        here "$copy/project" "$root/project"
        here "$root/venv" "$root/project/.venv"
        here "$checkout/build/${root##*/}" "$root/out"
        if [ -d "$checkout/.git" ]; then here "$checkout/.git" "$root/project/.git" -o ro; fi
        if [ -d "$data" ]; then here "$data" "$root/test-data" -o ro; fi
        # Folders on this computer that pip is told to look into.
        for folder in $(pip config list 2>/dev/null | grep -oE "/[[:alnum:]_][^ ]*[[:alnum:]_]"); do
            if [ -d "$folder" ]; then here "$folder" "$root$folder" -o ro; fi
        done
        cd /
        exec chroot "$root" env QT_QPA_PLATFORM=offscreen XDG_RUNTIME_DIR=/tmp/run HOME=/root \
            LANG=C.UTF-8 SUBSIDENCE_TEST_DATA=/test-data OUT=/out OMP_NUM_THREADS=1 \
            bash -c "mkdir -p -m 700 /tmp/run; cd /project; $command"
    ' _ "$root" "$copy" "$checkout" "$data" "$1"
}

make_chroot() {
    say "Installing Debian $suite with its QGIS into $root (some minutes)"
    command -v debootstrap >/dev/null || {
        apt-get update -qq
        apt-get install -y -qq debootstrap >/dev/null
    }
    local mirror
    mirror=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' |
        awk '$1 == "Debian" {print $2; exit}')
    [ -n "$mirror" ] || stop "apt names no Debian mirror on this computer, which $suite could come from."
    rm -rf "$root"
    mkdir -p "$root"
    logged debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$mirror" \
        /usr/share/debootstrap/scripts/sid
    settle_in
    touch "$root/.bootstrapped"
}

install_packages() {
    # The database's package would make a server of its own unless told not to.
    logged inside "set -e
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends postgresql-common
        sed -i 's/^#\\?create_main_cluster *=.*/create_main_cluster = false/' \
            /etc/postgresql-common/createcluster.conf
        apt-get install -y -qq --no-install-recommends $(echo $packages)
        apt-get clean"
    echo $packages >"$root/.installed"
}

logged() {
    "$@" >>"$root.log" 2>&1 || {
        tail -n 20 "$root.log" >&2
        stop "$1 failed; $root.log has all it said."
    }
}

# How this computer reaches the network holds inside as well.
settle_in() {
    # Links in there point into this computer when seen from outside: never copy through one.
    cp -L --remove-destination /etc/resolv.conf /etc/hosts "$root/etc/"
    apt-config dump | grep -E '^Acquire::(http|https|Check|Retries)' >"$root/etc/apt/apt.conf.d/99here" || true
    if [ -e /etc/pip.conf ]; then cp -L --remove-destination /etc/pip.conf "$root/etc/"; fi
    if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
        cp -L /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/"
        chroot "$root" update-ca-certificates >/dev/null 2>&1
    fi
    # No service is to be started in there.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod +x "$root/usr/sbin/policy-rc.d"
}

# Each call has its own copy, so that several can run at a time; it goes with the call.
copy_checkout() {
    cd "$checkout"
    { git ls-files -z --cached --others --exclude-standard; printf '%s\0' i18n/*.qm; } |
        while IFS= read -r -d '' file; do if [ -e "$file" ]; then printf '%s\0' "$file"; fi; done |
        tar -c --null -T - | tar -x -C "$copy/project"
}

# What Debian has not, or has too old, beside the numpy that its QGIS was built with.
venv='set -e
if ! cmp -s <(cat requirements.txt requirements-dev.txt) .venv/.ready; then
    python3 -m venv --clear --system-site-packages .venv
    given="numpy scipy torch scikit-learn matplotlib jinja2"
    for name in $given; do
        python3 -c "import importlib.metadata as m, sys; n=sys.argv[1]; print(n, m.version(n), sep=\"==\")" $name
    done | sed "s/+.*//" >.venv/constraints.txt
    grep -vE "^($(echo $given | tr " " "|"))[><=]" requirements.txt >.venv/requirements.txt
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -c .venv/constraints.txt \
        -r .venv/requirements.txt -r requirements-dev.txt
    cat requirements.txt requirements-dev.txt >.venv/.ready
fi'

[ "$suite" = trixie ] || [ "$suite" = forky ] || stop "$usage"
[ "$(id -u)" -eq 0 ] || stop "tools/newer_qgis.sh needs root: it installs another Debian release" \
    "in a folder and enters it with chroot."
[ -e "$root/.bootstrapped" ] || make_chroot
mkdir -p "$checkout/build/$suite" "$root/venv" "$root/copies"
copy=$(mktemp -d "$root/copies/XXXXXX")
trap 'rm -rf "$copy"' EXIT
mkdir -p -m 1777 "$copy/tmp"
mkdir -p "$copy/project"
[ "$(cat "$root/.installed" 2>/dev/null)" = "$(echo $packages)" ] || install_packages
copy_checkout
inside "$venv"
if [ "${1:-}" = --run ]; then
    inside "${2:?$usage}"
else
    inside '.venv/bin/python tools/versions.py'
    inside ".venv/bin/python -m pytest $(printf '%q ' "$@")"
fi
