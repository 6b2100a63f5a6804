#!/bin/sh
# The README's layout names every folder a newcomer may look for, and nothing that is not there;
# docs/architecture.md has a section for each library.
#
#   layout_test.sh SOURCE_DIRECTORY
set -eu
cd "$1"
failed=0
layout=$(sed -n '/^## Layout/,/^## /p' README.md | sed -nE 's/^    ([A-Za-z_.\/-]+)  .*/\1/p')

for folder in src/*/ tests/*/ bench/ policies/ systemd/ packaging/ docs/ man/ cmake/; do
    [ -n "$(find "$folder" -type f | head -n 1)" ] || continue
    echo "$layout" | grep -qx "$folder" || {
        echo "the README's layout does not name $folder"
        failed=1
    }
done
for path in $layout; do
    [ -e "$path" ] || {
        echo "the README's layout names $path, which is not there"
        failed=1
    }
done
for folder in src/*/; do
    name=$(basename "$folder")
    grep -q "^### $name" docs/architecture.md || {
        echo "docs/architecture.md has no section '### $name'"
        failed=1
    }
done
exit $failed
