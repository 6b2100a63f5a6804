#!/bin/sh
# Installs the MCP Inspector as the lock file pins it, with a node of its own where there is one for it:
#
#   install.sh DIR     fills DIR, unless it is there already from the same lock file
#
# Leaves in DIR: node_modules/ and `ready`: what it was made from. Ends with 77 (skipped) where npm is not
# installed, or no node is new enough. No package's scripts run.
set -eu
here=$(cd -P "$(dirname "$0")" && pwd)
dir=$1

for program in node npm; do
    command -v $program >/dev/null || { echo "skipped: $program is not installed"; exit 77; }
done

made_from=$(cd "$here" && sha256sum install.sh package.json package-lock.json)
if [ "$(cat "$dir/ready" 2>/dev/null)" = "$made_from" ]; then
    echo "already installed in $dir"
    exit 0
fi

runs_inspector() {
    node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
             process.exit(major > 22 || (major === 22 && minor >= 19) ? 0 : 1)'
}
if ! runs_inspector && [ "$(uname -sm)" != "Linux x86_64" ]; then
    echo "skipped: node $(node --version) is too old for the Inspector, which takes 22.19 or newer"
    exit 77
fi

rm -rf "$dir"
mkdir -p "$dir"
cp "$here/package.json" "$here/package-lock.json" "$dir/"
cd "$dir"
npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
echo "$made_from" >ready
