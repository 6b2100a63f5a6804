#!/bin/bash
# The units as they are installed: systemd understands them, and the system unit is as closed as
# docs/service.md says, which is below 4.
#
#   units_test.sh BUILD_DIRECTORY DOCUMENT      ends with 77 where there is no systemd-analyze
set -euo pipefail
build=$(realpath "$1") document=$(realpath "$2")
command -v systemd-analyze >/dev/null || { echo "skipped: there is no systemd-analyze (package systemd)"; exit 77; }
systemd-analyze --help | grep -q -- --offline || { echo "skipped: this systemd-analyze has no --offline"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/usr
cmake --install "$build" --prefix "$prefix" --component program >"$work/log" || { cat "$work/log"; exit 1; }
system=$prefix/lib/systemd/system/mcp-reaper.service user=$prefix/share/systemd/user/mcp-reaper.service

# Every program it names is there, and every file that it is given.
failed=0
for unit in "$system" "$user"; do
    for path in $(grep -E '^Exec' "$unit" | grep -oE '/[^ ]+'); do
        [ -e "$path" ] || { echo "${unit#"$work"}: there is no $path"; failed=1; }
    done
done

# A manager is made up for each; the one of users wants a place to run in.
mkdir -m 700 "$work/run"
verify() {
    XDG_RUNTIME_DIR=$work/run systemd-analyze --man=no "$@" >"$work/said" 2>&1 || failed=1
    # What this host has not got for a manager is none of our business.
    if grep -F mcp-reaper "$work/said"; then failed=1; fi
}
verify verify "$system"
verify --user verify "$user"

said=$(systemd-analyze security --offline=true --no-pager "$system")
score=$(sed -nE 's/.*Overall exposure level for [^:]*: ([0-9.]+) .*/\1/p' <<<"$said")
echo "the system unit scores ${score:-nothing}"
[ -n "$score" ] && [ "${score%.*}" -lt 4 ] || { echo "$said"; failed=1; }
grep -qF "**$score**" "$document" || { echo "docs/service.md does not say that the score is **$score**"; failed=1; }

# Its capabilities, each of which the document and the unit's comment explain.
for capability in $(sed -n 's/^CapabilityBoundingSet=//p' "$system"); do
    grep -q "^#.*$capability " "$system" || { echo "the unit does not say what $capability is for"; failed=1; }
    grep -q "$capability" "$document" || { echo "docs/service.md does not say what $capability is for"; failed=1; }
done
exit "$failed"
