# The same in fish.
mcp-reaper completion fish | source
while read line
    set -l words (string split ' ' -- $line | string replace -r '^_$' '')
    # One candidate a line, with a tab and its description behind it.
    echo (complete -C "mcp-reaper $words" | string replace -r '\t.*' '' | string join ' ')
end
