#!/bin/sh
# Proves that a Debian 12 with nothing but git needs no more than the README's commands.
#
#   sudo tests/clean-root.sh [STEP...]      # takes mmdebstrap, a Debian mirror and the npm registry
#
# Makes a minimal Debian 12 in a temporary directory, copies this work tree in (what git would clone,
# with what is not committed yet), and runs there, in a process namespace of its own:
#
#   refuse  ./dev build as an ordinary user without sudo: tells what to install, changes nothing
#   scan    ./dev scan, twice: the second installs, configures and builds nothing
#   test    ./dev test, twice: likewise
#   user    ./dev test as an ordinary user
#
# All mounts live in a mount namespace that ends with its step, so nothing is mounted below the
# directory when it is removed. KEEP=1 keeps the directory, ROOT=DIR uses one that was kept.
set -eu
cd -P "$(dirname "$0")/.."

[ "$(id -u)" -eq 0 ] || { echo "clean-root: run this as root" >&2; exit 2; }
[ $# -gt 0 ] || set -- refuse scan test user

if [ -n "${ROOT:-}" ]; then
    KEEP=1
else
    work=$(mktemp -d /var/tmp/mcp-reaper-clean-root.XXXXXX)
    ROOT=$work/root
fi
log=$ROOT.log
trap '[ -n "${KEEP:-}" ] && echo "clean-root: kept $ROOT" || rm -rf --one-file-system "$work"' EXIT

say() { echo "clean-root: $*"; }
die() { say "FAILED: $*"; exit 1; }

# inside USER COMMAND...: runs it in the checkout in the root. The inner shell stays: it is the
# namespace's pid 1, which adopts and reaps what the tests leave to it.
inside() {
    # shellcheck disable=SC2016  # Expanded by the inner shell.
    unshare --mount --pid --fork --kill-child --propagation private sh -ceu '
        root=$1 user=$2
        shift 2
        mount -t proc proc "$root/proc"
        mount -t sysfs -o ro sysfs "$root/sys"
        mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
        mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
        status=0
        chroot --userspec="$user" "$root" /usr/bin/env -C /home/dev/mcp-reaper -i \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin CI=true \
            HOME="$([ "$user" = root ] && echo /root || echo /home/dev)" \
            NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt "$@" || status=$?
        exit $status
    ' sh "$ROOT" "$@" </dev/null
}

# step NAME USER COMMAND...: the same, told, timed, and kept in the log.
step() {
    name=$1
    shift
    say "$name: $*"
    start=$(date +%s)
    status=0
    { inside "$@" 2>&1 || echo "exit status $?"; } | tee "$log"
    ! tail -n 1 "$log" | grep -q '^exit status' || status=1
    say "$name: $(($(date +%s) - start)) s"
    return $status
}

if ! [ -d "$ROOT" ]; then
    command -v mmdebstrap >/dev/null || die "mmdebstrap is missing: apt-get install mmdebstrap"
    say "a minimal Debian 12 in $ROOT"
    mmdebstrap --quiet --variant=minbase --include=git,ca-certificates bookworm "$ROOT"
    # The network as this host has it, its own certificate authorities included.
    cp -L /etc/resolv.conf "$ROOT/etc/resolv.conf"
    echo '127.0.0.1 localhost' >"$ROOT/etc/hosts"
    cp -r /usr/local/share/ca-certificates/. "$ROOT/usr/local/share/ca-certificates/"
    chroot "$ROOT" update-ca-certificates >/dev/null
    chroot "$ROOT" useradd --create-home --shell /bin/sh dev
fi
rm -rf "$ROOT/home/dev/mcp-reaper"
mkdir "$ROOT/home/dev/mcp-reaper"
git ls-files -z --cached --others --exclude-standard | tar -c --null --ignore-failed-read -T - |
    tar -x --no-same-owner -C "$ROOT/home/dev/mcp-reaper"

for wanted; do
    case $wanted in
    refuse)
        ! step refuse dev ./dev build || die "it built without its packages"
        grep -q 'apt-get install .*g++' "$log" || die "it does not say what to install"
        ;;
    scan)
        step scan root ./dev scan || die "scan"
        step 'scan again' root ./dev scan || die "the second scan"
        ! grep -qE 'dev: installing|Configuring|\] (Building|Linking)' "$log" || die "the second scan did something twice"
        ;;
    test)
        step test root ./dev test || die "test"
        step 'test again' root ./dev test || die "the second test"
        ! grep -qE 'dev: installing|Configuring|\] (Building|Linking)' "$log" ||
            die "the second test did something twice"
        ;;
    user)
        inside root chown -R dev: /home/dev
        step user dev ./dev test || die "test as an ordinary user"
        ;;
    *) die "there is no step $wanted" ;;
    esac
done
say "passed: $*"
