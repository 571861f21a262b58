"""Where a configuration is found, what it may say, and what is said about one that is wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from kbtools.config import Config, find_config, parse_config_text
from kbtools.errors import ConfigError, VaultError


def lay(root: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root.resolve()


# ------------------------------------------------------------------------------------------------ where


def test_without_a_configuration_the_named_folder_is_the_vault(tmp_path: Path) -> None:
    root = lay(tmp_path, {"v/a.md": ""})
    assert find_config("v", root) == Config(vault=root / "v", root=root / "v")


@pytest.mark.parametrize("start", ["", "notes", "notes/deep/er", "src"])
def test_a_configuration_above_is_found_from_everywhere_below(tmp_path: Path, start: str) -> None:
    root = lay(tmp_path, {"kb.toml": "vault = 'notes'", "notes/deep/er/a.md": "", "src/x": "", "notes/.obsidian/app.json": ""})
    found = find_config(None, root / start)
    assert (found.vault, found.root, found.file, found.prefix) == (root / "notes", root, root / "kb.toml", "notes/")


def test_a_named_vault_gets_the_configuration_above_that_names_it(tmp_path: Path) -> None:
    root = lay(tmp_path, {"kb.toml": "vault = 'notes'", "notes/a.md": "", "other/a.md": ""})
    assert find_config("notes", root).file == root / "kb.toml"
    assert find_config("other", root) == Config(vault=root / "other", root=root / "other")


def test_a_named_project_gets_its_own_configuration(tmp_path: Path) -> None:
    root = lay(tmp_path, {"p/kb.toml": "vault = 'notes'", "p/notes/a.md": ""})
    assert find_config("p", root).vault == root / "p/notes"


def test_pyproject_counts_where_it_has_our_table(tmp_path: Path) -> None:
    root = lay(tmp_path, {"pyproject.toml": "[tool.kb]\ntimeout = 5", "in/pyproject.toml": "[tool.other]\nkb = 1", "in/a.md": ""})
    assert find_config(None, root / "in").timeout == 5
    assert find_config(None, root / "in").vault == root


def test_kb_toml_goes_before_pyproject(tmp_path: Path) -> None:
    root = lay(tmp_path, {"pyproject.toml": "[tool.kb]\ntimeout = 5", "kb.toml": "timeout = 6"})
    assert find_config(None, root).timeout == 6


def test_the_nearest_of_nested_vaults_is_meant(tmp_path: Path) -> None:
    root = lay(tmp_path, {".obsidian/app.json": "", "in/.obsidian/app.json": "", "in/deep/a.md": "", "x/a.md": ""})
    assert find_config(None, root / "in/deep").vault == root / "in"
    assert find_config(None, root / "x").vault == root


def test_obsidian_marks_a_vault_only_as_a_folder(tmp_path: Path) -> None:
    root = lay(tmp_path, {"kb.toml": "timeout = 7", "in/.obsidian": "a file", "in/a.md": ""})
    assert find_config(None, root / "in").timeout == 7


def test_a_vault_may_lie_outside_of_the_project(tmp_path: Path) -> None:
    root = lay(tmp_path, {"p/kb.toml": "vault = '../notes'", "notes/a.md": ""})
    found = find_config(None, root / "p")
    assert (found.vault, found.root, found.prefix) == (root / "notes", root / "p", "")
    assert find_config("notes", root) == Config(vault=root / "notes", root=root / "notes")


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = lay(tmp_path, {"home/notes/a.md": "", "p/kb.toml": "vault = '~/notes'"})
    monkeypatch.setenv("HOME", str(root / "home"))
    assert find_config(None, root / "p").vault == root / "home/notes"
    assert find_config("~/notes", root).vault == root / "home/notes"


def test_links_to_folders_are_seen_through(tmp_path: Path) -> None:
    root = lay(tmp_path, {"p/kb.toml": "vault = 'link'", "real/a.md": ""})
    (root / "p/link").symlink_to(root / "real")
    assert find_config(None, root / "p").vault == root / "real"
    assert find_config("link", root / "p") == Config(vault=root / "real", root=root / "real")


def test_somebody_elses_broken_pyproject_is_no_concern(tmp_path: Path) -> None:
    root = lay(tmp_path, {"pyproject.toml": "[tool.other\nx", "v/a.md": ""})
    assert find_config("v", root).vault == root / "v"


@pytest.mark.parametrize("name", ["missing", "a" * 300, "x/" * 3000])
def test_no_folder_no_vault(tmp_path: Path, name: str) -> None:
    with pytest.raises(VaultError, match="no folder '"):
        find_config(name, tmp_path)


def test_a_file_is_no_vault(tmp_path: Path) -> None:
    lay(tmp_path, {"a.md": ""})
    with pytest.raises(VaultError, match=r"'a\.md' is no folder"):
        find_config("a.md", tmp_path)


def test_a_dead_link_is_no_vault(tmp_path: Path) -> None:
    (tmp_path / "dead").symlink_to("nowhere")
    with pytest.raises(VaultError, match="'dead' is no folder"):
        find_config("dead", tmp_path)


def test_no_vault_around(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="no vault around"):
        find_config(None, tmp_path)


def test_a_folder_named_like_the_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "kb.toml").mkdir()
    (tmp_path / ".obsidian").mkdir()
    assert find_config(None, tmp_path).file is None


def test_a_pipe_named_like_the_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "kb.toml")
    (tmp_path / ".obsidian").mkdir()
    assert find_config(None, tmp_path).file is None


def test_a_site_is_where_mkdocs_builds_the_vault(tmp_path: Path) -> None:
    assert not find_config(None, lay(tmp_path, {"kb.toml": ""})).site
    assert find_config(None, lay(tmp_path, {"mkdocs.yml": ""})).site


# ------------------------------------------------------------------------------------------------ what


def test_everything_that_can_be_said() -> None:
    found = parse_config_text(
        """
        vault = "notes"
        snippets = "./code/snippets/"
        proofs = "tests\\\\snippets"
        timeout = 2.5
        memory = "1.5 GiB"
        max-note = "20MB"
        ignore = ["templates/**", "草稿"]
        aliases-resolve = true
        [rules]
        orphan-note = "warning"
        """
    )
    assert found == Config(
        vault=Path("notes").resolve(),
        root=Path().resolve(),
        file=Path("kb.toml"),
        snippets="code/snippets",
        proofs="tests/snippets",
        timeout=2.5,
        memory=3 << 29,
        max_note=20_000_000,
        ignore=("templates/**", "草稿"),
        aliases_resolve=True,
        rules={"orphan-note": "warning"},
    )


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("1", 1),
        ("'1'", 1),
        ("'1 KiB'", 1024),
        ("'1kb'", 1000),
        ("'0.5 gib'", 1 << 29),
        ("'10\tMB'", 10_000_000),
        ("' 2 GB '", 2 * 10**9),
    ],
)
def test_sizes(written: str, size: int) -> None:
    assert parse_config_text(f"memory = {written}").memory == size


def test_a_whole_pyproject_table_is_accepted_in_kb_toml() -> None:
    assert parse_config_text("[tool.kb]\ntimeout = 3").timeout == 3
    with pytest.raises(ConfigError, match=r"kb\.toml: unknown key 'tool'"):
        parse_config_text("timeout = 4\n[tool.kb]\ntimeout = 3")


def test_a_byte_order_mark_is_no_hindrance() -> None:
    assert parse_config_text(b"\xef\xbb\xbftimeout = 3").timeout == 3


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("vault = 3", "kb.toml: vault = 3", "vault takes a text"),
        ("snippets = true", "kb.toml: snippets = true", "snippets takes a text"),
        ("snippets = '../x'", "kb.toml: snippets = '../x'", "snippets takes a folder inside the project"),
        ("snippets = 'a/../..'", "kb.toml: snippets = 'a/../..'", "snippets takes a folder inside the project"),
        ("snippets = '/etc'", "kb.toml: snippets = '/etc'", "snippets takes a folder inside the project"),
        ("proofs = 'C:/x'", "kb.toml: proofs = 'C:/x'", "proofs takes a folder inside the project"),
        ("proofs = '~/x'", "kb.toml: proofs = '~/x'", "proofs takes a folder inside the project"),
        ("proofs = '.'", "kb.toml: proofs = '.'", "proofs takes a folder inside the project"),
        ("timeout = true", "kb.toml: timeout = true", "timeout takes a positive number"),
        ("timeout = '60'", "kb.toml: timeout = '60'", "timeout takes a positive number"),
        ("timeout = 0", "kb.toml: timeout = 0", "timeout takes a positive number"),
        ("timeout = nan", "kb.toml: timeout = NaN", "timeout takes a positive number"),
        ("timeout = inf", "kb.toml: timeout = Infinity", "timeout takes a positive number"),
        (f"timeout = 1{'0' * 400}", f"kb.toml: timeout = 1{'0' * 400}", "timeout takes a positive number"),
        ("memory = false", "kb.toml: memory = false", "memory takes a size such as '4 GiB' or '10 MB', or a number of bytes"),
        ("memory = 0", "kb.toml: memory = 0", "memory takes a size"),
        ("memory = -1", "kb.toml: memory = -1", "memory takes a size"),
        ("memory = 1.5", "kb.toml: memory = 1.5", "memory takes a size"),
        ("memory = '0 GiB'", "kb.toml: memory = '0 GiB'", "memory takes a size"),
        ("memory = '4 GiBs'", "kb.toml: memory = '4 GiBs'", "memory takes a size"),
        ("memory = '-4 GiB'", "kb.toml: memory = '-4 GiB'", "memory takes a size"),
        ("max-note = 'lots'", "kb.toml: max-note = 'lots'", "max-note takes a size"),
        (f"memory = '{'9' * 400} GiB'", "kb.toml: memory = '999", "memory takes a size"),
        ("ignore = 'templates'", "kb.toml: ignore = 'templates'", "ignore takes a list of names and paths"),
        ("ignore = [1]", "kb.toml: ignore = [1]", "ignore takes a list of names and paths"),
        ("ignore = [2024-01-01]", 'kb.toml: ignore = ["2024-01-01"]', "ignore takes a list of names and paths"),
        ("ignore = ['!a']", "kb.toml: ignore holds '!a'", "nothing is taken back with '!'"),
        ("ignore = ['a', 'b\\c']", "kb.toml: ignore holds 'b\\c'", "folders are parted by '/'"),
        ("ignore = ['']", "kb.toml: ignore holds ''", "a name or a path such as"),
        ("ignore = ['../a']", "kb.toml: ignore holds '../a'", "a path from the vault's folder"),
        ("aliases-resolve = 1", "kb.toml: aliases-resolve = 1", "aliases-resolve takes true or false"),
        ("aliases-resolve = 'true'", "kb.toml: aliases-resolve = 'true'", "aliases-resolve takes true or false"),
        ("rules = ['a']", 'kb.toml: rules = ["a"]', "rules takes a table of rules"),
        ("[rules]\na = 'on'", "kb.toml: rules.a = 'on'", "a rule is 'off', 'warning' or 'error'"),
        ("[rules]\na = true", "kb.toml: rules.a = true", "a rule is 'off', 'warning' or 'error'"),
        ("[rules.a]\nb = 1", "kb.toml: rules.a = a table", "a rule is 'off', 'warning' or 'error'"),
        ("[rules]\na = ['off']", 'kb.toml: rules.a = ["off"]', "a rule is 'off', 'warning' or 'error'"),
        ("ignored = []", "kb.toml: unknown key 'ignored'", "did you mean 'ignore'?"),
        ("max_note = 3", "kb.toml: unknown key 'max_note'", "did you mean 'max-note'?"),
        ("Vault = 'x'", "kb.toml: unknown key 'Vault'", "did you mean 'vault'?"),
        ("zzzz = 1", "kb.toml: unknown key 'zzzz'", "known keys: aliases-resolve, ignore, max-note"),
        ("tool = 1", "kb.toml: unknown key 'tool'", "known keys"),
        ("vault =", "kb.toml: ", "mend the file"),
        ("a = 1\na = 2", "kb.toml: ", "mend the file"),
        ("a = " + "[" * 100_000, "kb.toml: ", "mend the file"),
        ("a = " + "9" * 10_000, "kb.toml: ", "mend the file"),
        ("\ud800", "kb.toml: ", "mend the file"),
    ],
)
def test_an_error_names_the_file_the_key_and_what_is_allowed(text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config_text(text)
    assert caught.value.message.startswith(message)
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize("table", ["kb = 3", "kb = ['a']", "kb = 'x'"])
def test_our_table_is_a_table(tmp_path: Path, table: str) -> None:
    root = lay(tmp_path, {"pyproject.toml": f"[tool]\n{table}"})
    with pytest.raises(ConfigError, match=r"pyproject\.toml: tool\.kb = .*\[tool\.kb\]"):
        find_config(None, root)


def test_a_vault_that_is_not_there(tmp_path: Path) -> None:
    root = lay(tmp_path, {"kb.toml": "vault = 'nots'"})
    with pytest.raises(ConfigError, match=r"kb\.toml: vault = 'nots' is no folder"):
        find_config(None, root)


def test_a_file_that_is_no_utf_8(tmp_path: Path) -> None:
    (tmp_path / "kb.toml").write_bytes("vault = '笔记'".encode("gb18030"))
    with pytest.raises(ConfigError, match=r"kb\.toml: 'utf-8' codec can't decode"):
        find_config(None, tmp_path)
