# Completion of kb for fish: kb completion fish > ~/.config/fish/completions/kb.fish
function __kb_complete
    set -l current (commandline -ct)
    set -l words (commandline -opc) "$current"
    for line in (kb completion --for (string join \x1f -- $words) 2>/dev/null)
        switch $line
            case ':files*'
                __fish_complete_path $current
            case ':folders*'
                __fish_complete_directories $current ''
            case '*'
                echo $line
        end
    end
end
complete -c kb -f -a '(__kb_complete)'
