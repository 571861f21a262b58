#!/usr/bin/env bash
# KB_PATH (a path a line), KB_ARGS, KB_SARIF, KB_RUN_SNIPPETS -> annotations on stdout, the SARIF file, and kb's exit code.
set -uo pipefail

paths=()
while IFS= read -r path; do
  if [[ -n $path ]]; then paths+=("$path"); fi
done <<<"${KB_PATH:-.}"
read -r -a options <<<"${KB_ARGS:-}"
if [[ ${KB_RUN_SNIPPETS:-false} != true ]]; then options+=(--no-run); fi

if [[ -n ${KB_SARIF:-} ]]; then
  kb check "${options[@]}" --format sarif "${paths[@]}" >"$KB_SARIF"
  code=$?
  if ((code > 1)); then exit "$code"; fi
fi
kb check "${options[@]}" --format github "${paths[@]}"
