#!/bin/sh
# The manual page and --help name the same commands, and the same options for each.
#
#   manual_test.sh PROGRAM MANUAL
set -eu
program=$1 manual=$2
failed=0

complain() {
    echo "$1"
    failed=1
}

# The options in the manual's section of a command; of the whole program, those its help has too.
in_manual() {
    awk -v command="$1" '
        /^\.S[hs] / {
            inside = 0
            if ($2 == "mcp-reaper") {
                name = $3
                if ($4 ~ /^[a-z]+$/) name = name " " $4
                inside = name == command
            }
        }
        inside && /^\.It Fl/ {
            for (i = 2; i < NF; ++i) if ($i == "Fl" && $(i + 1) == "Fl") print "--" $(i + 2)
        }' "$manual" | sort -u
}

# The options listed by a command's help. Each command has --help: the manual says so once.
in_help() {
    # shellcheck disable=SC2086  # "policy check" is two words.
    COLUMNS=100 "$program" $1 --help | sed -nE 's/^  (-[a-z], )?(--[a-z-]+).*/\2/p' | grep -vx -- --help | sort -u
}

# The commands a help lists, with the sub-commands of those that have some.
commands() {
    # shellcheck disable=SC2086
    COLUMNS=100 "$program" $1 --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\{1,\}\) .*/\1/p' | while read -r name; do
        command=${1:+$1 }$name
        below=$(commands "$command")
        echo "${below:-$command}"
    done
}

all=$(commands '')
[ -n "$all" ] || complain "--help lists no commands"
for command in $(echo "$all" | tr ' ' _); do
    command=$(echo "$command" | tr _ ' ')
    grep -q "^\.Ss mcp-reaper $command\( \|$\)" "$manual" || complain "the manual has no section for '$command'"
    help=$(in_help "$command") text=$(in_manual "$command")
    [ "$help" = "$text" ] || complain "$command: --help has:
$help
the manual has:
$text"
done

sections=$(grep -c '^\.Ss mcp-reaper ' "$manual")
[ "$sections" -eq "$(echo "$all" | wc -l)" ] || complain "the manual has $sections commands, --help:
$all"
exit $failed
