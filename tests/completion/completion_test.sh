#!/bin/bash
# What a shell completes of our command lines, by the script that the program makes for it.
#
#   completion_test.sh SHELL PROGRAM     SHELL is bash, zsh or fish; ends with 77 where it is not there
set -euo pipefail
here=$(cd -P "$(dirname "$0")" && pwd)
shell=$1 program=$(realpath "$2")
command -v "$shell" >/dev/null || { echo "skipped: there is no $shell"; exit 77; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The program, on a host with always the same servers.
mkdir "$work/bin" "$work/files"
cat >"$work/bin/mcp-reaper" <<END
#!/bin/sh
[ "\$*" != 'completion servers' ] || exec printf '%s\t%s\n' 1711 'git, orphan, client gone (4)' 1720 'web: 1, healthy' 4711 "it's"
exec '$program' "\$@"
END
chmod +x "$work/bin/mcp-reaper"
export PATH=$work/bin:$PATH HOME=$work
cd "$work/files"
touch policy.yaml plan.txt other

# expect LINE CANDIDATE...: what is offered for the last word of a line; _ is an empty word.
lines=() wanted=()
expect() {
    lines+=("$1")
    wanted+=("$(printf '%s\n' "${@:2}" | sort | xargs)")
}

# The commands that a help lists.
below() { COLUMNS=100 "$program" $1 --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]\{1,\}\) .*/\1/p'; }
options() { COLUMNS=100 "$program" $1 --help | sed -nE 's/^  (-[a-z], )?(--[a-z-]+).*/\2/p'; }

# All that --help knows, and nothing else.
commands=$(below '')
expect _ $commands help
expect 'help _' $commands
for command in $commands; do
    expect "$command --" $(options "$command")
    subcommands=$(below "$command")
    [ -n "$subcommands" ] || continue
    expect "$command _" $subcommands
    expect "help $command _" $subcommands
    for subcommand in $subcommands; do
        expect "$command $subcommand --" $(options "$command $subcommand")
    done
done
[ ${#lines[@]} -gt 10 ] || { echo "--help lists no commands"; exit 1; }

expect --v --version
expect 'scan --format _' table json
expect 'scan --yes --format j' json
expect 'policy show --format _' yaml
expect 'scan --rule over_a' over_age
expect 'scan --type playw' playwright
expect 'scan --user roo' root
expect 'scan --pid 17' 1711 1720
expect 'scan --policy p' plan.txt policy.yaml
expect 'record -o ot' other
expect 'policy check pol' policy.yaml
expect 'replay pl' plan.txt
expect 'kill _' 1711 1720 4711
expect 'kill --yes 4' 4711
expect 'throttle --cpu _'
expect 'history --limit _'
expect 'completion f' fish
expect 'kill -- --'
case $shell in
bash) expect 'scan --format = j' json ;; # bash takes it for three words
zsh) expect 'scan --format=j' json ;;
fish) expect 'scan --format=j' --format=json ;;
esac

status=0
printf '%s\n' "${lines[@]}" | timeout 100 "$shell" "$here/candidates.$shell" >"$work/answers" 2>"$work/said" || status=$?
failed=$status
mapfile -t answers <"$work/answers"
for i in "${!lines[@]}"; do
    answer=$(tr ' ' '\n' <<<"${answers[i]-nothing at all}" | sort | xargs)
    [ "$answer" != "${wanted[i]}" ] || continue
    echo "mcp-reaper ${lines[i]}: wanted: ${wanted[i]}"
    echo "                got: $answer"
    failed=1
done
[ "$failed" -eq 0 ] || { echo "$shell ended with $status and said:"; head -c 2000 "$work/said"; }
exit "$failed"
