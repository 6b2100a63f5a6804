# The same in zsh, whose completion runs in its line editor only: in a shell of its own, at a terminal of
# its own, where one key completes all lines.
zmodload zsh/zpty
files=$(mktemp -d)
cat >$files/lines

cat >$files/shell <<'END'
PS1= RPS1=
autoload -Uz compinit
compinit -D -u
source <(mcp-reaper completion zsh)
setopt no_auto_menu no_beep

# What would be added is kept in place of adding it. With -O, -A or -D nothing would be.
compadd() {
    [[ ${@[1,(i)(-|--)]} == *-[OAD]* ]] && { builtin compadd "$@"; return }
    local -a matching
    builtin compadd -A matching "$@"
    candidates+=($matching)
    (( $#matching ))
}
complete-lines() {
    local line
    local -a candidates
    while read -r line; do
        BUFFER="mcp-reaper ${line/% _/ }"
        BUFFER=${BUFFER/%_/}
        CURSOR=$#BUFFER
        candidates=()
        zle complete-word
        print -r -- $candidates >>$FILES/answers
    done <$FILES/lines
    exit
}
zle -N complete-lines
bindkey '^T' complete-lines
END

zpty shell env FILES=$files zsh -f -i
zpty -w shell "source $files/shell"
zpty -w -n shell $'\x14'
while zpty -r shell piece; do said+=$piece; done
cat $files/answers || print -r -- $said >&2
rm -rf $files
