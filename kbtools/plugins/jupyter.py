"""mkdocs-jupyter beside kb: its settings say what is left out of notebooks; the pages of notes and notebooks are kb's.

mkdocs-jupyter need not be listed in mkdocs.yml. Where it is, it keeps the other files it was given (`*.py`).
"""

from __future__ import annotations

from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig

from kbtools.site.notebook import Look

NAME: Final = "mkdocs-jupyter"
OURS: Final = ("*.ipynb", "*.md")


def read_look(config: MkDocsConfig) -> Look:
    """What the settings leave out; mkdocs-jupyter is told to leave our pages alone."""
    if NAME not in config.plugins:
        return Look()
    settings: Any = config.plugins[NAME].config
    settings["ignore"] = [*settings["ignore"], *OURS]
    tags = {name: tuple(sorted(map(str, found))) for name, found in settings["remove_tag_config"].items()}
    usual = Look()
    return Look(
        code=settings["show_input"] and not settings["no_input"],
        cells=tags.get("remove_cell_tags", usual.cells),
        inputs=tags.get("remove_input_tags", usual.inputs),
        outputs=tags.get("remove_all_outputs_tags", usual.outputs),
    )
