# Completion of kb for bash. In ~/.bashrc: eval "$(kb completion bash)"
_kb() {
    local current=${COMP_WORDS[COMP_CWORD]} words value rest
    printf -v words '%s\x1f' "${COMP_WORDS[@]:0:COMP_CWORD+1}"
    COMPREPLY=()
    while IFS=$'\t' read -r value rest; do
        case $value in
            :files) compopt -o filenames; mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current") ;;
            :folders) compopt -o filenames; mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$current") ;;
            */) compopt -o nospace; COMPREPLY+=("$value") ;;
            *) COMPREPLY+=("$value") ;;
        esac
    done < <(kb completion --for "${words%?}" 2>/dev/null)
    if [[ $current != [\"\']* ]]; then
        for rest in "${!COMPREPLY[@]}"; do
            printf -v 'COMPREPLY[rest]' %q "${COMPREPLY[rest]}"
        done
    fi
}
complete -F _kb kb
