#!/bin/bash
# The host's policy, as it is installed, is the policy that is built in: whoever saves it has changed nothing.
#
#   policy_test.sh PROGRAM POLICY DEFAULT
set -euo pipefail
program=$1 policy=$2 default=$3

# The values alone: behind each a comment says where it comes from. A policy's name is nothing it does.
values() { "$program" policy show "$1" | sed -E 's/ +# .*//; /^#/d; /^name:/d; /^$/d'; }
"$program" policy check "$policy"
[ "$(values "$default" | wc -l)" -gt 50 ] || { echo "the default policy shows no values"; exit 1; }
diff <(values "$default") <(values "$policy")
