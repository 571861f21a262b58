#compdef kb
# Completion of kb for zsh. In ~/.zshrc, after compinit: eval "$(kb completion zsh)"
_kb() {
    local line value about
    local -a lines values shown
    lines=("${(@f)$(kb completion --for "${(pj:\x1f:)${(@)words[1,CURRENT]}}" 2>/dev/null)}")
    for line in $lines; do
        value=${line%%$'\t'*}
        about=${line#$value}
        about=${about#$'\t'}
        case $value in
            :files) _files ;;
            :folders) _files -/ ;;
            *) values+=("$value"); shown+=("$value${about:+  -- $about}") ;;
        esac
    done
    (( $#values )) && compadd -V kb -d shown -a values
}
(( $+functions[compdef] )) && compdef _kb kb
