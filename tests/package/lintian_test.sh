#!/bin/bash
# Lintian, Debian's critic of packages, has neither an error nor a warning for ours.
#
#   lintian_test.sh PACKAGE      ends with 77 where lintian or the package is not there
set -euo pipefail
command -v lintian >/dev/null || { echo "skipped: there is no lintian"; exit 77; }
[ -e "$1" ] || { echo "skipped: there is no $1"; exit 77; }
lintian --no-cfg --allow-root --fail-on error,warning "$1"
