#!/bin/sh
# Every relative link of the documents leads to a file that is there.
#
#   links_test.sh SOURCE_DIRECTORY
set -eu
cd "$1"

documents=$(find . \( -name .git -o -name build -o -name node_modules \) -prune -o -name '*.md' -print)
links=$(for file in $documents; do
    grep -oE '\]\([^) ]+\)' "$file" | sed -E "s|^..|${file%/*}/|; s|\)\$||; s|#.*||" |
        grep -vE '/(https?|mailto):' || true
done)
[ -n "$links" ] || {
    echo "no links found"
    exit 1
}
failed=0
for link in $links; do
    [ -e "$link" ] || {
        echo "there is no $link"
        failed=1
    }
done
exit $failed
