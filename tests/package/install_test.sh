#!/bin/bash
# ./dev install and ./dev uninstall, in a mount namespace where /usr/local, /etc and
# /var are the test's own.
#
#   install_test.sh SOURCE_DIRECTORY      ends with 77 where none can be made
set -euo pipefail
cd "$1"
[ -x build/release/bin/mcp-reaper ] || { echo "skipped: ./dev install installs the release, and it is not built"; exit 77; }
if [ -z "${INSIDE:-}" ]; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(--user --map-root-user)
    unshare "${as_root[@]}" --mount true || { echo "skipped: no namespaces may be made"; exit 77; }
    INSIDE=$(mktemp -d)
    export INSIDE
    status=0
    unshare "${as_root[@]}" --mount --propagation private "$0" "$PWD" || status=$?
    rmdir "$INSIDE"
    exit $status
fi
mount -t tmpfs tmpfs "$INSIDE"
mount -t tmpfs tmpfs /usr/local
# Without the host's systemd: it is not to hear of this.
mount -t tmpfs tmpfs /run
for directory in etc var/lib var/log; do
    mkdir -p "$INSIDE/$directory"/{upper,work}
    mount -t overlay -o "lowerdir=/$directory,upperdir=$INSIDE/$directory/upper,workdir=$INSIDE/$directory/work" \
        overlay "/$directory" || { echo "skipped: no overlay of /$directory"; exit 77; }
done
rm -rf /etc/mcp-reaper /var/lib/mcp-reaper

failed=0
complain() {
    echo "$*"
    failed=1
}
dev() { ./dev "$@" >"$INSIDE/said" 2>&1 || { cat "$INSIDE/said"; complain "./dev $* failed"; }; }

dev install
[ "$(/usr/local/bin/mcp-reaper --version)" = "$(build/release/bin/mcp-reaper --version)" ] || complain "no program"
[ "$(echo '{"id":1}' | /usr/local/bin/mcp-reaper run -- cat)" = '{"id":1}' ] || complain "the guard is not found"
grep -q '^ExecStart=/usr/local/bin/mcp-reaper daemon' /usr/local/lib/systemd/system/mcp-reaper.service ||
    complain "the unit starts something else"
cmp -s /etc/mcp-reaper/policy.yaml build/release/install/policy.yaml || complain "no policy"
grep -q 'systemctl enable --now mcp-reaper' "$INSIDE/said" || complain "it does not say what to do next"

# Again, after the policy was changed: it stays.
echo 'version: 1' >/etc/mcp-reaper/policy.yaml
dev install
[ "$(cat /etc/mcp-reaper/policy.yaml)" = 'version: 1' ] || complain "the policy was overwritten"

mkdir -p /var/lib/mcp-reaper
dev uninstall
left=$(find /usr/local ! -type d)
[ -z "$left" ] || complain "left behind: $left"
[ ! -e /usr/local/share/mcp-reaper ] && [ ! -e /usr/local/share/doc/mcp-reaper ] || complain "empty folders are left"
[ -e /etc/mcp-reaper/policy.yaml ] && [ -e /var/lib/mcp-reaper ] || complain "policy or history went without --purge"

dev install
dev uninstall --purge
[ ! -e /etc/mcp-reaper ] && [ ! -e /var/lib/mcp-reaper ] || complain "policy or history stayed in spite of --purge"
exit $failed
