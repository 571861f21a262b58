"""YAML text -> values, read as Obsidian's own YAML 1.2 reader does, on PyYAML's parser, which knows 1.1.

Where the two differ, the newer one takes more: a template's `{{date}}` is a mapping, a tab may part words, a tag nobody
knows is passed over. `yaml` is imported when it is needed: most notes are read without it (`frontmatter`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import yaml

MOST_DIGITS = 1000
INNER_BLANKS = re.compile(r"(?<=\S)[ \t]+")


def load(text: str) -> object:
    """The value of a YAML text. Raises yaml.YAMLError, and what a hostile value makes Python raise."""
    import yaml

    try:
        return yaml.load(text, Loader=_loader())
    except yaml.YAMLError:
        if "\t" not in text:
            raise
    return yaml.load(INNER_BLANKS.sub(_untab, text), Loader=_loader())


def _untab(blanks: re.Match[str]) -> str:
    return " " * len(blanks[0])


@lru_cache(maxsize=1)
def _loader() -> type[yaml.SafeLoader]:
    """PyYAML's safe loader (the one in C where it was built), for which a date that does not exist is a text,
    and so is a number of more than MOST_DIGITS: `1:59:59:…` takes time squared, and Python refuses to print the result."""
    import yaml

    fast: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    def name_of(key: yaml.Node) -> str:
        """`1` and `on` name properties too. For what is no text (`{{date}}`) nobody asks by name, so its place serves."""
        return key.value if isinstance(key, yaml.ScalarNode) else f"{{{key.start_mark.index}}}"

    class Loader(fast):  # type: ignore[valid-type, misc]  # the base is chosen at run time
        def construct_yaml_timestamp(self, node: yaml.ScalarNode) -> object:
            try:
                return super().construct_yaml_timestamp(node)
            except (ValueError, AttributeError, OverflowError):
                return node.value

        def construct_yaml_int(self, node: yaml.ScalarNode) -> object:
            return super().construct_yaml_int(node) if len(node.value) <= MOST_DIGITS else node.value

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, object]:
            """Keys are texts as they are written."""
            if not isinstance(node, yaml.MappingNode):
                raise yaml.constructor.ConstructorError(None, None, "expected a mapping", node.start_mark)
            self.flatten_mapping(node)
            return {name_of(key): self.construct_object(value, deep) for key, value in node.value}

        def construct_unknown(self, node: yaml.Node) -> object:
            if isinstance(node, yaml.MappingNode):
                return self.construct_mapping(node, deep=True)
            if isinstance(node, yaml.SequenceNode):
                return self.construct_sequence(node, deep=True)
            return self.construct_scalar(node)

    Loader.add_constructor("tag:yaml.org,2002:timestamp", Loader.construct_yaml_timestamp)
    Loader.add_constructor("tag:yaml.org,2002:int", Loader.construct_yaml_int)
    Loader.add_constructor(None, Loader.construct_unknown)
    return Loader
