"""Say what a link means in a note, which other files could be meant, the rule that decided, and what would change it."""

from __future__ import annotations

import argparse

HELP = "why a link means what it means"
EXAMPLE = "kb why '[[LSTM]]' --from 循环神经网络"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("link", metavar="LINK", help="a link as it is written, with or without its brackets")
    parser.add_argument("--from", dest="source", metavar="NOTE", required=True, help="the note it stands in")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print (default: text)")


def run(options: argparse.Namespace) -> int:
    import json
    import sys

    from kbtools.asking.why import RULES, explain
    from kbtools.cli.find import find_note, open_vault
    from kbtools.cli.rows import status_of
    from kbtools.report.escapes import plain

    vault, config = open_vault(options.vault)
    source = find_note(vault, config.vault, options.source)
    written = options.link.strip().removeprefix("!").removeprefix("[[").removesuffix("]]").partition("|")[0].strip()
    answer = explain(vault, written, source)
    taken = getattr(answer.meaning, "path", None)
    if options.format == "json":
        data = {
            "link": written,
            "source": source,
            "status": status_of(answer.meaning),
            "resolved": taken,
            "rule": answer.rule,
            "candidates": list(answer.candidates),
            "place": answer.place or None,
            "advice": list(answer.advice),
        }
        print(json.dumps(data, ensure_ascii=False, indent=2))
        return 0
    lines = [f"[[{written}]] in {source} " + (f"means {taken}" if taken else "means no file")]
    lines += [f"  because: {RULES[answer.rule]}"]
    lines += [f"  place: {answer.place}"] if answer.place else []
    lines += [f"  could be meant too: {path}" for path in answer.candidates if path != taken]
    lines += [f"  {advice}" for advice in answer.advice]
    sys.stdout.writelines(f"{plain(line)}\n" for line in lines)
    return 0
