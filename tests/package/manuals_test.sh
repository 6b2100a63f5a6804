#!/bin/bash
# The manuals are set without a warning, and name each other.
#
#   manuals_test.sh MANUAL...      ends with 77 where there is no man
set -euo pipefail
command -v man >/dev/null && command -v groff >/dev/null || { echo "skipped: there is no man or groff"; exit 77; }

failed=0
for manual; do
    warnings=$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l "$manual" 2>&1 >/dev/null
        groff -mandoc -Tutf8 -ww -z "$manual" 2>&1)
    [ -z "$warnings" ] || { echo "${manual##*/}: $warnings"; failed=1; }
    # "Xr mcp-reaper.service 8": is it among them?
    for named in $(sed -nE 's/^\.Xr (mcp-reaper[^ ]*) ([1-8]).*/\1.\2/p' "$manual"); do
        [ -e "${manual%/*}/$named" ] || { echo "${manual##*/}: there is no $named"; failed=1; }
    done
done
exit "$failed"
