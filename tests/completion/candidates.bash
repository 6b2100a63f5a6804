# What a Tab would offer in bash: for each line of stdin, the words of a command line (_ is an empty
# one), a line with the candidates for its last word.
source <(mcp-reaper completion bash)
# How bash is to go on with a candidate is for a completion under way to say, and there is none here.
compopt() { :; }

while read -ra words; do
    COMP_WORDS=(mcp-reaper "${words[@]/#_/}")
    COMP_CWORD=${#words[@]}
    _mcp_reaper mcp-reaper "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    echo "${COMPREPLY[*]}"
done
