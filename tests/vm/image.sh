#!/bin/bash
# Makes the guest of the VM tests: a Debian with systemd as its init, and its kernel.
#
#   image.sh DIRECTORY     fills it, unless it is there already, made from the same files
#
# Leaves in DIRECTORY: vmlinuz, root.ext4 (never written to by a run) and made-from (what it was made
# from; the last to be written, so what was interrupted is made again). The program under test is not
# in it: run.sh brings it on a disk of its own, so that a new build needs no new image.
#
# Ends with 77 (skipped) and its reason where this host cannot make one. Takes about 35 s, no root where
# user namespaces may be made, and a Debian mirror.
set -euo pipefail
here=$(cd -P "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd -P "$1" && pwd)

# The release of the host where that is a Debian: its libraries, which the program was linked with, run
# there (run.sh copies those that the guest lacks).
# shellcheck source=/dev/null
release=$(. /etc/os-release && [ "${ID:-}" = debian ] && echo "${VERSION_CODENAME:-}") || true
packages=systemd-sysv,dbus,dbus-user-session,kmod,libpam-systemd,login,passwd,procps,util-linux

skip() {
    echo "skipped: $*"
    exit 77
}

[ "$(uname -m)" = x86_64 ] || skip "the guest is an x86-64 one, and this is $(uname -m)"
[ -n "$release" ] || skip "this is no Debian, so its programs do not run in a Debian guest"
# Without qemu it would be made for nobody.
for program in qemu-system-x86_64:qemu-system-x86 mmdebstrap:mmdebstrap mke2fs:e2fsprogs depmod:kmod; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${program%:*}" >/dev/null ||
        skip "there is no ${program%:*}; as root: apt-get install ${program#*:}"
done
PATH=$PATH:/usr/sbin:/sbin

made_from="$release $packages
$(cd "$here" && sha256sum image.sh image-hook.sh guest/*)"
if [ "$(cat "$out/made-from" 2>/dev/null)" = "$made_from" ]; then
    echo "the guest is in $out already"
    exit 0
fi

# Two at a time (two checkouts' builds have two directories, two runs in one have not) would mix.
exec 9>"$out/lock"
flock -w 600 9 || { echo "another image.sh does not end: $out/lock"; exit 1; }
rm -rf "$out"/{made-from,vmlinuz,root.ext4,work}
mkdir "$out/work"
trap 'rm -rf "$out/work"' EXIT

room=$(df --output=avail -k "$out" | tail -n 1)
[ "$room" -gt 1500000 ] || { echo "no room for the guest: $room KiB in $out, it takes 1.5 GB"; exit 1; }

# Root of this host, or of a namespace of one's own (in mmdebstrap's own, root could not come through a
# home that is closed to others).
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(unshare --user --map-root-user --map-auto --mount --pid --fork --kill-child)
    "${as_root[@]}" true 2>/dev/null ||
        skip "not root, and user namespaces with a range of ids may not be made (uidmap, /etc/subuid)"
fi

# The mirror that this host uses itself; Debian's own where it names none.
mirror=$(apt-get indextargets --format "\$(ORIGIN) \$(REPO_URI) \$(RELEASE)" 'Created-By: Packages' 'Component: main' |
    awk -v release="$release" '$1 == "Debian" && $3 == release { print $2; exit }')

log=$out/image.log
start=$(date +%s)
echo "making a guest of Debian's $release in $out as $(id -un)"
status=0
# Documents and translations are half of the files. The hook makes the disk while the tree is there: so
# its owners are right in a user namespace too.
OUT=$out HERE=$here TMPDIR=$out/work "${as_root[@]}" mmdebstrap --mode=root --variant=essential --format=null \
    --include="$packages" --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/zoneinfo/*' \
    --customize-hook="$here/image-hook.sh" \
    "$release" /dev/null "deb ${mirror:-http://deb.debian.org/debian} $release main" >"$log" 2>&1 </dev/null || status=$?
if [ $status -ne 0 ]; then
    tail -n 30 "$log"
    if grep -qE 'Could not resolve|Failed to fetch|Temporary failure|Unable to connect|image-hook: no kernel' "$log"; then
        skip "no Debian mirror can be reached, or it has no kernel"
    fi
    echo "mmdebstrap failed ($status): all it said is in $log"
    exit 1
fi
mv "$out/work/vmlinuz" "$out/work/root.ext4" "$out/"
echo "$made_from" >"$out/made-from"
echo "made in $(($(date +%s) - start)) s"
