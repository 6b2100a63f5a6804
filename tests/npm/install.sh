#!/bin/sh
# Installs the npm packages that the tests start, exactly as the lock files pin them.
#
#   install.sh DIR     fills DIR, unless it is there already from the same lock files
#
# Leaves in DIR: node_modules/, perhaps runtime/ (a newer node), and `ready`: what it was made from.
# Ends with 77 (skipped) where node or npm are not installed, and says so; any other failure is one.
# No package's scripts run: the servers need none, and the browser is Debian's.
set -eu
here=$(cd -P "$(dirname "$0")" && pwd)
dir=$1

for program in node npm; do
    command -v $program >/dev/null || { echo "skipped: $program is not installed"; exit 77; }
done

# The newest of what the servers ask for (chrome-devtools-mcp).
runs_servers() {
    node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
             process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'
}

made_from="node $(node --version)
$(cd "$here" && sha256sum install.sh package.json package-lock.json runtime/package.json runtime/package-lock.json)"
if [ "$(cat "$dir/ready" 2>/dev/null)" = "$made_from" ]; then
    echo "already installed in $dir"
    exit 0
fi

rm -rf "$dir"
mkdir -p "$dir"
cp "$here/package.json" "$here/package-lock.json" "$dir/"

npm_ci() { (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error); }
npm_ci "$dir"
if ! runs_servers; then
    if [ "$(uname -sm)" != "Linux x86_64" ]; then
        echo "skipped: node $(node --version) is too old for the servers, which take 20.19 or newer"
        exit 77
    fi
    mkdir "$dir/runtime"
    cp "$here/runtime/package.json" "$here/runtime/package-lock.json" "$dir/runtime/"
    npm_ci "$dir/runtime"
fi
echo "$made_from" >"$dir/ready"
