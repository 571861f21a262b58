"""Print the self-test questions of the notes as cards: every callout `> [!question] …` whose title is the question, with what
stands below as the answer. As Anki text they are imported as they are, and known again when they are imported anew."""

from __future__ import annotations

import argparse

HELP = "self-test questions as cards for Anki"
EXAMPLE = "kb cards > cards.txt"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="*", help="notes and folders (default: everything)")
    parser.add_argument("--format", choices=("anki", "csv", "json"), default="anki", help="how to print (default: anki)")
    parser.add_argument("--deck", metavar="NAME", help="the deck in Anki (default: the vault's name)")


def run(options: argparse.Namespace) -> int:
    import csv
    import json
    import sys

    from kbtools import app
    from kbtools.asking.cards import find_cards, to_anki
    from kbtools.cli.find import find_part
    from kbtools.report.escapes import plain
    from kbtools.showing import is_within

    project, paths = find_part(options.vault, options.paths)
    vault = app.scan(project)
    notes = (vault.notes[path] for path in vault.paths if path[-3:].lower() == ".md" and (not paths or is_within(path, paths)))
    cards = (card for note in notes for card in find_cards(note))
    if options.format == "anki":
        deck = options.deck or project.config.vault.name
        sys.stdout.writelines(f"{plain(line) if line.startswith('#') else line}\n" for line in to_anki(cards, deck))
    elif options.format == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(("note", "line", "question", "answer", "tags"))
        writer.writerows((card.note, card.line, card.question, card.answer, " ".join(card.tags)) for card in cards)
    else:
        print(json.dumps({"cards": [card._asdict() for card in cards]}, ensure_ascii=False, indent=1))
    return 0
