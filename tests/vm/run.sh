#!/bin/bash
# Boots the guest once, has it run all tests, and brings their results.
#
#   run.sh DIRECTORY PACKAGE NPM VM_TESTS PROGRAM...    DIRECTORY/image is image.sh's; PACKAGE is our .deb
#                                                       and NPM tests/npm/install.sh's: they need not be there
#
# Leaves in DIRECTORY/results what guest/run-tests.sh tells of each test, and the guest's console; or,
# where this host cannot run the guest, one file `skipped` with the reason, and ends with 77.
#
#   REAPER_VM_ACCEL=kvm        where that works; tcg,thread=multi otherwise
#   REAPER_VM_LIMIT=1200       seconds for all
#   REAPER_VM_FILTER=Cages.*   only these tests, as gtest filters
set -euo pipefail
here=$(cd -P "$(dirname "$0")" && pwd)
directory=$1
source=$(cd -P "$here/../.." && pwd)
package=$2
npm=$(realpath --canonicalize-missing "$3")
mapfile -t programs < <(realpath --canonicalize-existing "${@:4}")
tests=${programs[0]}

mkdir -p "$directory"
cd "$directory"
exec 9>lock
flock -w 900 9 || { echo "another run does not end: $directory/lock"; exit 1; }
rm -rf results run
mkdir results run

skip() {
    echo "skipped: $*"
    echo "$*" >results/skipped
    exit 77
}

command -v qemu-system-x86_64 >/dev/null ||
    skip "there is no qemu-system-x86_64; as root: apt-get install qemu-system-x86"
status=0
"$here/image.sh" "$PWD/image" | tee run/image.log || status=$?
[ $status -ne 77 ] || skip "$(sed -n 's/^skipped: //p' run/image.log)"
[ $status -eq 0 ] || exit $status
PATH=$PATH:/usr/sbin:/sbin

# The disk that goes in with the programs and comes out with the results.
mkdir -p run/disk/{bin,lib,policies,systemd}
for program in "${programs[@]}"; do
    install -m 755 "$program" run/disk/bin/
    # "libre2.so.9 => /lib/… (0x…)"; a static program has none. The guest takes those it has not got.
    { ldd "$program" 2>/dev/null || true; } | awk '$2 == "=>" && $3 ~ /^\// { print $3 }'
done | sort -u | xargs -r install -m 755 -t run/disk/lib
install -m 644 "$source"/policies/*.yaml run/disk/policies/
cp -r "$source"/systemd/. run/disk/systemd/
for deb in "$package" "${package%.deb}-next.deb"; do
    [ ! -e "$deb" ] || install -m 644 "$deb" run/disk/
done
"$tests" --gtest_list_tests --gtest_filter="${REAPER_VM_FILTER:-*}" |
    awk '/^[^ ]/ { suite = $1 } /^ / { print suite $1 }' | grep -v '\.DISABLED_' >run/disk/tests
# Of the guest's, whose clock may go twice as fast where the host is busy.
echo 600 >run/disk/time-limit
chmod -R a+rX run/disk
truncate -s 256M run/disk.ext4
mke2fs -q -t ext4 -O ^has_journal -E root_owner=0:0 -d run/disk run/disk.ext4
disks=(
    -drive file=image/root.ext4,if=none,id=root,format=raw,snapshot=on,cache=unsafe,werror=report
    -device nvme-ns,drive=root,bus=nvme,nsid=1
    -drive file=run/disk.ext4,if=none,id=disk,format=raw,cache=unsafe,werror=report
    -device nvme-ns,drive=disk,bus=nvme,nsid=2
)
"$here/npm-disk.sh" "$npm" npm.ext4
[ ! -s npm.ext4 ] || disks+=(
    -drive file=npm.ext4,if=none,id=npm,format=raw,read-only=on
    -device nvme-ns,drive=npm,bus=nvme,nsid=3
)

accel=${REAPER_VM_ACCEL:-tcg,thread=multi}
# la57: a fifth level of page tables makes every walk dearer under TCG. arch-capabilities: nested KVM
# may refuse it.
cpu=max,la57=off
case $accel in kvm*) cpu=host,-arch-capabilities ;; esac
kernel_options=(
    root=/dev/nvme0n1 rw rootfstype=ext4 console=ttyS0 panic=-1
    psi=1 systemd.unified_cgroup_hierarchy=1
    # For speed, and for a clock that an emulated machine cannot calibrate.
    mitigations=off nokaslr audit=0 tsc=reliable no_timer_check quiet systemd.show_status=0
    reaper.tests
)
console=results/console
status=0
# What the guest writes to its root lands in TMPDIR, and is gone with it. A full disk is the guest's to
# report: without werror qemu would stop it. In the foreground, so that a Ctrl-C reaches it.
TMPDIR=$PWD/run timeout --foreground --kill-after=10 "${REAPER_VM_LIMIT:-1200}" qemu-system-x86_64 -nodefaults -no-user-config \
    -M q35,usb=off,sata=off,smbus=off,hpet=off -accel "$accel" -cpu "$cpu" -m 1024 -smp 2 \
    -kernel image/vmlinuz -append "${kernel_options[*]}" \
    -device nvme,id=nvme,serial=reaper "${disks[@]}" \
    -display none -serial "file:$console" -monitor none -no-reboot </dev/null >run/qemu.log 2>&1 || status=$?

# debugfs reads the disk of a guest that was cut off as well, and makes the folder.
debugfs -R "rdump /results $PWD/run" run/disk.ext4 >run/debugfs.log 2>&1 || true
cp run/results/* results/ 2>/dev/null || echo "the guest has left no results"
[ -s results/boot.seconds ] && boot=$(cat results/boot.seconds) || boot=never
echo "booted in $boot s, done after $(cat results/end.seconds 2>/dev/null || echo '-') s; all that it left is in $PWD/results"
failed=0
while read -r test; do
    state=$(cat "results/$test.status" 2>/dev/null || echo 'no result')
    case $state in
    0) grep -q '^\[  SKIPPED \]' "results/$test.out" && state=skipped || state=passed ;;
    'no result') failed=1 ;;
    *) state="failed ($state)" ;;
    esac
    echo "  $test: $state"
    sed -n 's/^figure: /    /p' "results/$test.out" 2>/dev/null || true
done <run/disk/tests
if [ $failed -ne 0 ] || [ $status -ne 0 ]; then
    [ $status -ne 124 ] || echo "the guest was not done after ${REAPER_VM_LIMIT:-1200} s"
    echo "qemu ended with $status: $(tail -n 5 run/qemu.log)"
    echo "the end of its console:"
    tail -n 60 "$console"
    exit 1
fi
rm -rf run
