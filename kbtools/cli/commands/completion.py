"""Print what makes a shell complete kb's commands, options, rules, templates and the names of notes. Put it where the shell reads
it: `eval "$(kb completion bash)"` in ~/.bashrc, `eval "$(kb completion zsh)"` in ~/.zshrc, or
`kb completion fish > ~/.config/fish/completions/kb.fish`."""

from __future__ import annotations

import argparse

from kbtools.errors import KbError

HELP = "completion for bash, zsh and fish"
EXAMPLE = "kb completion bash"
SHELLS = ("bash", "zsh", "fish")
BETWEEN = "\x1f"
"""What stands between the words in `--for`: no shell cuts there."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", nargs="?", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")
    parser.add_argument("--for", dest="words", metavar="WORDS", help="the words so far: what the shell asks kb")


def run(options: argparse.Namespace) -> int:
    if options.words is not None:
        _answer(options.words.split(BETWEEN))
        return 0
    if options.shell is None:
        raise KbError("no shell is named", f"take one: kb completion {', '.join(SHELLS[:-1])} or {SHELLS[-1]}")
    from importlib.resources import files

    script = files("kbtools.cli") / "shells" / f"kb.{options.shell}"
    print(script.read_text(encoding="utf-8"), end="")
    return 0


def _answer(words: list[str]) -> None:
    """A candidate a line, and after a tab what it is. Whoever types is told of no mistake: there is nothing to add then."""
    from kbtools.cli.completing import complete
    from kbtools.report.escapes import plain

    try:
        candidates = complete(words)
    except KbError:
        return
    for candidate in candidates:
        if plain(candidate.value) == candidate.value:  # a name that a shell would have to escape is typed by hand
            about = plain(" ".join(candidate.about.split()))
            print(f"{candidate.value}\t{about}" if about else candidate.value)
