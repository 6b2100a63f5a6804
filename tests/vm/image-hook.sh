#!/bin/bash
# Turns the tree that mmdebstrap made into the guest's disk. Run by mmdebstrap as its root:
#
#   image-hook.sh TREE     OUT/work gets vmlinuz and root.ext4; HERE is this folder
set -euo pipefail
tree=$1

# The kernel without what its package's scripts would do for a disk to boot from. NVMe and ext4 are
# built into Debian's cloud kernel, so it needs no initial file system.
cd "$OUT/work"
export APT_CONFIG=$MMDEBSTRAP_APT_CONFIG
kernel=$(apt-cache depends linux-image-cloud-amd64 | awk '$1 == "Depends:" { print $2; exit }')
if [ -z "$kernel" ] || ! apt-get download "$kernel"; then
    echo "image-hook: no kernel"
    exit 1
fi
mkdir kernel
dpkg-deb --extract "$kernel"_*.deb kernel
version=${kernel#linux-image-}
mv "kernel/boot/vmlinuz-$version" vmlinuz
# Of its modules those for networks (sock_diag's among them) and file systems: the guest has no other
# hardware than what is built in.
mkdir -p "$tree/usr/lib/modules/$version/kernel"
mv "kernel/lib/modules/$version"/modules.* "$tree/usr/lib/modules/$version/"
mv "kernel/lib/modules/$version/kernel"/{net,fs,lib,crypto} "$tree/usr/lib/modules/$version/kernel/"
depmod --basedir "$tree" "$version"

# The users of the tests (guest.h names them).
#   lingerer  has a manager that runs without a session
#   visitor   has none, not even in a session
useradd --root "$tree" --uid 2001 --create-home --shell /bin/bash lingerer
useradd --root "$tree" --uid 2002 --create-home --shell /bin/bash visitor
mkdir -p "$tree/var/lib/systemd/linger"
touch "$tree/var/lib/systemd/linger/lingerer"
unit() { echo "$tree/etc/systemd/system/$1"; }
ln -s /dev/null "$(unit user@2002.service)"

# What runs the tests.
install -D "$HERE/guest/run-tests.sh" "$tree/usr/local/sbin/run-tests"
install -m 644 "$HERE/guest/run-tests.service" "$(unit run-tests.service)"
mkdir -p "$(unit multi-user.target.wants)"
ln -s ../run-tests.service "$(unit multi-user.target.wants/run-tests.service)"

# A first boot that sets nothing up, and none of what only costs time.
echo guest >"$tree/etc/hostname"
echo '127.0.0.1 localhost guest' >"$tree/etc/hosts"
echo 0123456789abcdef0123456789abcdef >"$tree/etc/machine-id"
: >"$tree/etc/fstab"
for name in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
    systemd-tmpfiles-clean.timer e2scrub_reap.service getty@tty1.service serial-getty@ttyS0.service \
    systemd-pstore.service systemd-random-seed.service systemd-sysusers.service \
    systemd-update-utmp.service systemd-update-utmp-runlevel.service \
    modprobe@configfs.service modprobe@dm_mod.service modprobe@drm.service modprobe@fuse.service \
    modprobe@loop.service proc-sys-fs-binfmt_misc.automount sys-kernel-debug.mount sys-kernel-tracing.mount \
    dev-hugepages.mount dev-mqueue.mount systemd-udevd.service systemd-udev-trigger.service; do
    ln -sf /dev/null "$(unit "$name")"
done
# Each would be a program more at the boot and at every daemon-reload.
mkdir -p "$tree/etc/systemd/system-generators"
for generator in "$tree"/usr/lib/systemd/system-generators/*; do
    ln -s /dev/null "$tree/etc/systemd/system-generators/${generator##*/}"
done
mkdir -p "$tree/etc/systemd/journald.conf.d"
printf '[Journal]\nStorage=volatile\n' >"$tree/etc/systemd/journald.conf.d/guest.conf"
rm -rf "$tree"/var/lib/apt/lists/* "$tree"/var/cache/apt/* "$tree"/var/cache/debconf/*-old

# Without what is mounted into the tree (/proc, /sys), and without a journal: a run throws its writes away.
truncate -s 1500M root.ext4
# shellcheck disable=SC2016  # Expanded by the inner shell.
unshare --mount --propagation private sh -ceu '
    mkdir tree
    mount --bind "$1" tree
    mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1,root_owner=0:0 -d tree root.ext4
' sh "$tree"
