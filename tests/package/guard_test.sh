#!/bin/sh
# The guard is lean: fifty of them run at once, so it is linked with what it uses and no more.
#
#   guard_test.sh PROGRAM
set -eu
command -v readelf >/dev/null || { echo "skipped: there is no readelf"; exit 77; }
# RE2 for the clients that a policy adds, simdjson for messages.
allowed='libc.so.6 libgcc_s.so.1 libm.so.6 libre2.so.9 libsimdjson.so.14 libstdc++.so.6'
failed=''
for library in $(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
    case " $allowed " in
    *" $library "*) ;;
    *)
        echo "$1 needs $library: what of it does the guard use?"
        failed=1
        ;;
    esac
done
[ -z "$failed" ]
