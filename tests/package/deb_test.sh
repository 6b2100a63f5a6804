#!/bin/bash
# Makes the Debian package as ./dev package does, and looks into it.
#
#   deb_test.sh BUILD_DIRECTORY OUTPUT      leaves it as OUTPUT, and beside it one that only has a later
#                                           version (-next.deb); ends with 77 where none can be made
set -euo pipefail
build=$(realpath "$1") output=$2
command -v dpkg-shlibdeps >/dev/null || { echo "skipped: there is no dpkg-shlibdeps"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$build" && cpack -B "$work") >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
deb=$(echo "$work"/*.deb)
mkdir -p "${output%/*}"
install -m 644 "$deb" "$output"

failed=0
contents=$(dpkg-deb --contents "$deb" | awk '{ print $6 }')
for path in etc/mcp-reaper/policy.yaml usr/bin/mcp-reaper usr/lib/systemd/system/mcp-reaper.service \
    usr/lib/systemd/user/mcp-reaper.service usr/share/man/man1/mcp-reaper.1.gz \
    usr/share/man/man8/mcp-reaper.service.8.gz usr/share/bash-completion/completions/mcp-reaper \
    usr/share/zsh/vendor-completions/_mcp-reaper usr/share/fish/vendor_completions.d/mcp-reaper.fish \
    usr/share/mcp-reaper/policies/default.yaml usr/share/doc/mcp-reaper/changelog.Debian.gz; do
    grep -qx "./$path" <<<"$contents" || { echo "the package has no /$path"; failed=1; }
done
mkdir "$work/control" "$work/tree"
dpkg-deb --control "$deb" "$work/control"
dpkg-deb --extract "$deb" "$work/tree"
grep -qx /etc/mcp-reaper/policy.yaml "$work/control/conffiles" || { echo "the policy is no conffile"; failed=1; }
if grep -E '/work|/home|/build/|/usr/local/bin' "$work"/tree/usr/lib/systemd/*/*.service; then
    echo "a unit names a place that is not the package's"
    failed=1
fi

# What a host with this one upgrades to.
mkdir "$work/tree/DEBIAN"
cp "$work"/control/* "$work/tree/DEBIAN/"
sed -i 's/^Version: .*/&+next/' "$work/tree/DEBIAN/control"
dpkg-deb --root-owner-group -Zgzip -z1 --build "$work/tree" "${output%.deb}-next.deb" >/dev/null
exit "$failed"
