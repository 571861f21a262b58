"""What YAML 1.2 allows and PyYAML alone does not is read, and what neither allows is refused."""

from __future__ import annotations

import pytest
import yaml

from kbtools.syntax import yamltext


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1: a\non: b\ntrue: c\n~: d", {"1": "a", "on": "b", "true": "c", "~": "d"}),
        ('up: !link "[[A]]"', {"up": "[[A]]"}),
        ("up: !x {a: !y [b]}", {"up": {"a": ["b"]}}),
        ("up:\ta\t\nb: [c]\t# d", {"up": "a", "b": ["c"]}),
        ("a: &x {b: 1}\nc:\n  <<: *x\n  d: 2", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("due: 2024-13-45", {"due": "2024-13-45"}),
        ("a: 1\na: 2", {"a": 2}),
    ],
)
def test_values(text: str, value: object) -> None:
    assert yamltext.load(text) == value


def test_a_templates_placeholders_are_mappings_and_all_of_them_are_kept() -> None:
    assert yamltext.load("a: {{date}}\nb: c") == {"a": {"{4}": None}, "b": "c"}
    assert list(yamltext.load("{{a}: x, {b}: y}").values()) == ["x", "y"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["a: b: c", "\t- x", "a: [", '"\\m"', "a: &x !y [*x]", "a: !!map x", "- @x"])
def test_what_is_no_yaml(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        yamltext.load(text)


def test_a_tab_in_a_value_is_kept_where_nothing_hinders_it() -> None:
    assert yamltext.load('a: "b\tc"') == {"a": "b\tc"}


def test_the_line_of_a_mistake_is_its_own_behind_tabs() -> None:
    with pytest.raises(yaml.MarkedYAMLError) as caught:
        yamltext.load("a:\tb\nc: d: e")
    assert caught.value.problem_mark is not None
    assert caught.value.problem_mark.line == 1
