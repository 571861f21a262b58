"""`kb lsp` as editors run it: a process, spoken with over its standard streams."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from concurrent.futures import Future
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.lsp.editor import KB, REPOSITORY, Editor, editing

pytestmark = pytest.mark.asyncio

VAULT = {
    ".obsidian/app.json": "{}",
    "概念/反向传播.md": "---\naliases: [BP]\n---\n# 反向传播\n\n由输出向输入传梯度。\n\n## 链式法则\n",
    "概念/LSTM.md": "# LSTM\n\n门控。\n",
    "日记.md": "# 日记\n\n😀𠮷 今天读。\n\n见[[反向传播#链式法则]]。\n",
}


def nothing(messages: list[str]) -> bool:
    return not messages


async def test_an_hour_of_editing(tmp_path: Path) -> None:
    async with editing(tmp_path / "vault", VAULT) as editor:
        editor.open("日记.md")
        await editor.diagnostics("日记.md", nothing)

        editor.type("日记.md", "😀𠮷 今天读", "[[LSMT]]")
        said = await editor.diagnostics("日记.md", bool)
        assert said == ["nothing is named 'LSMT' (did you mean [[LSTM]]?)"]
        [found] = editor.client.diagnostics[editor.uri("日记.md")]
        assert (found.range.start.character, found.range.end.character) == (8, 16)

        await _take_suggestion(editor)
        await editor.diagnostics("日记.md", nothing)
        assert "😀𠮷 今天读[[LSTM]]。" in editor.texts["日记.md"]

        await _complete_alias(editor)
        await _look_at_the_link(editor)
        await _rename_the_note(editor)
        await _rename_a_heading_and_undo(editor)


async def _take_suggestion(editor: Editor) -> None:
    [found] = editor.client.diagnostics[editor.uri("日记.md")]
    document = types.TextDocumentIdentifier(editor.uri("日记.md"))
    context = types.CodeActionContext([found], only=[types.CodeActionKind.QuickFix])
    actions = await editor.client.text_document_code_action_async(types.CodeActionParams(document, found.range, context))
    assert actions is not None
    assert [action.title for action in actions] == ["write [[LSTM]]", "create the note 'LSMT.md'"]
    assert isinstance(actions[0], types.CodeAction)
    assert actions[0].edit is not None
    editor.apply(actions[0].edit)


async def _complete_alias(editor: Editor) -> None:
    editor.type("日记.md", "[[LSTM]]", "和[[bp")
    found = await editor.client.text_document_completion_async(types.CompletionParams(**editor.at("日记.md", "和[[bp")))
    assert isinstance(found, types.CompletionList)
    [item] = [item for item in found.items if item.label == "BP"]
    assert isinstance(item.text_edit, types.TextEdit)
    document = types.OptionalVersionedTextDocumentIdentifier(editor.uri("日记.md"))
    editor.apply(types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(document, [item.text_edit])]))
    assert "[[LSTM]]和[[反向传播|BP]]。" in editor.texts["日记.md"]
    await editor.diagnostics("日记.md", nothing)


async def _look_at_the_link(editor: Editor) -> None:
    hover = await editor.client.text_document_hover_async(types.HoverParams(**editor.at("日记.md", "和[[反向")))
    assert hover is not None
    assert isinstance(hover.contents, types.MarkupContent)
    assert "由输出向输入传梯度。" in hover.contents.value
    place = await editor.client.text_document_definition_async(types.DefinitionParams(**editor.at("日记.md", "#链式")))
    assert isinstance(place, types.Location)
    assert (place.uri, place.range.start) == (editor.uri("概念/反向传播.md"), types.Position(7, 3))
    asked = types.ReferenceParams(context=types.ReferenceContext(False), **editor.at("日记.md", "和[[反向"))
    assert len(await editor.client.text_document_references_async(asked) or ()) == 2
    names = await editor.client.workspace_symbol_async(types.WorkspaceSymbolParams("链式"))
    assert [name.name for name in names or ()] == ["链式法则"]
    asked_outline = types.DocumentSymbolParams(types.TextDocumentIdentifier(editor.uri("日记.md")))
    [heading] = await editor.client.text_document_document_symbol_async(asked_outline) or ()
    assert heading.name == "日记"


async def _rename_the_note(editor: Editor) -> None:
    place = editor.at("日记.md", "和[[反向")
    shown = await editor.client.text_document_prepare_rename_async(types.PrepareRenameParams(**place))
    assert isinstance(shown, types.PrepareRenamePlaceholder)
    assert shown.placeholder == "反向传播"
    edit = await editor.client.text_document_rename_async(types.RenameParams(new_name="误差反传", **place))
    assert edit is not None
    editor.apply(edit)
    assert (editor.vault / "概念/误差反传.md").is_file()
    assert "[[误差反传|BP]]" in editor.texts["日记.md"]
    assert "[[误差反传#链式法则]]" in editor.texts["日记.md"]
    await editor.diagnostics("日记.md", nothing)


async def _rename_a_heading_and_undo(editor: Editor) -> None:
    editor.open("概念/误差反传.md")
    before = dict(editor.texts)
    edit = await editor.client.text_document_rename_async(
        types.RenameParams(new_name="推导", **editor.at("概念/误差反传.md", "## 链"))
    )
    assert edit is not None
    editor.apply(edit)
    assert "[[误差反传#推导]]" in editor.texts["日记.md"]
    assert "## 推导" in editor.texts["概念/误差反传.md"]
    await editor.diagnostics("日记.md", nothing)
    editor.undo()
    assert editor.texts == before
    await editor.diagnostics("日记.md", nothing)


async def test_a_refused_rename_says_why(tmp_path: Path) -> None:
    async with editing(tmp_path / "vault", VAULT) as editor:
        editor.open("日记.md")
        with pytest.raises(JsonRpcException, match=r"'概念/LSTM\.md' is there already"):
            await editor.client.text_document_rename_async(types.RenameParams(new_name="LSTM", **editor.at("日记.md", "[[反向")))


async def test_an_editor_that_renames_no_files_is_told_so_and_gets_plain_edits(tmp_path: Path) -> None:
    async with editing(tmp_path / "vault", VAULT, capabilities=types.ClientCapabilities()) as editor:
        editor.open("日记.md")
        with pytest.raises(JsonRpcException, match="lets no server rename a file"):
            await editor.client.text_document_rename_async(types.RenameParams(new_name="新", **editor.at("日记.md", "[[反向")))
        edit = await editor.client.text_document_rename_async(types.RenameParams(new_name="新", **editor.at("日记.md", "#链式")))
        assert edit is not None
        assert set(edit.changes or ()) == {editor.uri("日记.md"), editor.uri("概念/反向传播.md")}


async def test_an_editor_that_renames_files_but_knows_no_versions_gets_the_rename(tmp_path: Path) -> None:
    able = types.WorkspaceEditClientCapabilities(resource_operations=[types.ResourceOperationKind.Rename])
    capabilities = types.ClientCapabilities(workspace=types.WorkspaceClientCapabilities(workspace_edit=able))
    async with editing(tmp_path / "vault", VAULT, capabilities=capabilities) as editor:
        editor.open("日记.md")
        edit = await editor.client.text_document_rename_async(types.RenameParams(new_name="新", **editor.at("日记.md", "[[反向")))
        assert edit is not None
        editor.apply(edit)
        assert (editor.vault / "概念/新.md").is_file()
        assert "[[新#链式法则]]" in editor.texts["日记.md"]


async def test_a_file_that_is_there_is_not_created(tmp_path: Path) -> None:
    async with editing(tmp_path / "vault", {**VAULT, "x.md": "[[新]]\n"}) as editor:
        editor.open("x.md")
        await editor.diagnostics("x.md", bool)
        (editor.vault / "新.md").write_text("somebody's", encoding="utf-8")
        whole = types.Range(types.Position(0, 0), types.Position(0, 6))
        document = types.TextDocumentIdentifier(editor.uri("x.md"))
        asked = types.CodeActionParams(document, whole, types.CodeActionContext([]))
        assert not await editor.client.text_document_code_action_async(asked)


async def test_links_follow_a_rename_in_the_tree_of_files(tmp_path: Path) -> None:
    async with editing(tmp_path / "vault", VAULT) as editor:
        editor.open("日记.md")
        renames = types.RenameFilesParams([types.FileRename(editor.uri("概念/反向传播.md"), editor.uri("概念/BP.md"))])
        edit = await editor.client.workspace_will_rename_files_async(renames)
        assert edit is not None
        editor.apply(edit)
        assert "[[BP#链式法则]]" in editor.texts["日记.md"]
        editor._rename("概念/反向传播.md", "概念/BP.md")
        await editor.diagnostics("日记.md", nothing)


async def test_files_that_come_and_go_are_noticed(tmp_path: Path) -> None:
    async with editing(tmp_path / "vault", {**VAULT, "x.md": "[[新]]\n"}) as editor:
        await editor.diagnostics("x.md", bool)
        (editor.vault / "新.md").write_text("", encoding="utf-8")
        editor.changed("新.md", types.FileChangeType.Created)
        await editor.diagnostics("x.md", nothing)
        (editor.vault / "新.md").unlink()
        editor.changed("新.md", types.FileChangeType.Deleted)
        await editor.diagnostics("x.md", bool)


async def test_a_change_of_the_configuration_counts(tmp_path: Path) -> None:
    async with editing(tmp_path / "vault", {**VAULT, "kb.toml": "", "x.md": "[[没有]]\n", "zu.md": "[[没有]]\n"}) as editor:
        editor.open("x.md")
        await editor.diagnostics("x.md", bool)
        await editor.diagnostics("zu.md", bool)
        (editor.vault / "kb.toml").write_text('[rules]\nbroken-link = "off"\n', encoding="utf-8")
        editor.changed("kb.toml", types.FileChangeType.Changed)
        await editor.diagnostics("x.md", nothing)
        await editor.diagnostics("zu.md", nothing)


async def test_a_vault_that_is_made_later_is_found(tmp_path: Path) -> None:
    async with editing(tmp_path / "folder", {"x.md": "[[没有]]\n"}) as editor:
        editor.open("x.md")
        assert await editor.client.text_document_hover_async(types.HoverParams(**editor.at("x.md", "[[没"))) is None
        (editor.vault / "kb.toml").write_text("", encoding="utf-8")
        editor.changed("kb.toml", types.FileChangeType.Created)
        editor.type("x.md", "[[没有]]", "x")
        await editor.diagnostics("x.md", bool)


async def test_units_are_those_the_editor_prefers(tmp_path: Path) -> None:
    able = types.ClientCapabilities(
        general=types.GeneralClientCapabilities(
            position_encodings=[types.PositionEncodingKind.Utf8, types.PositionEncodingKind.Utf16]
        )
    )
    async with editing(tmp_path / "vault", {**VAULT, "x.md": "😀[[没有]]\n"}, capabilities=able) as editor:
        editor.open("x.md")
        await editor.diagnostics("x.md", bool)
        [found] = editor.client.diagnostics[editor.uri("x.md")]
        assert (found.range.start.character, found.range.end.character) == (4, 4 + 2 + 6 + 2)


async def test_inlay_hints_run_nothing(tmp_path: Path) -> None:
    files = {
        "kb.toml": 'vault = "notes"\nsnippets = "snippets"\nproofs = "tests/snippets"\n',
        "notes/x.md": '```python title="snippets/a.py#f"\ndef f(): ...\n```\n',
        "snippets/a.py": "def f(): ...\n\nopen('ran', 'w')\n",
        "tests/snippets/test_a.py": "from snippets.a import f\n\ndef test_f(): f()\n",
    }
    async with editing(tmp_path / "project", files, vault="notes") as editor:
        editor.open("x.md")
        whole = types.Range(types.Position(0, 0), types.Position(3, 0))
        asked = types.InlayHintParams(types.TextDocumentIdentifier(editor.uri("x.md")), whole)
        [hint] = await editor.client.text_document_inlay_hint_async(asked) or ()
        assert (hint.label, hint.position) == ("not proven here yet", types.Position(0, 33))
        await asyncio.sleep(0.5)
    assert not list(tmp_path.rglob("ran"))


async def test_nonsense_does_not_end_the_server(tmp_path: Path) -> None:
    async with editing(tmp_path / "vault", VAULT) as editor:
        editor.open("日记.md")
        server = editor.client._server
        assert server is not None
        assert server.stdin is not None
        answers: list[Future[object]] = [Future(), Future()]
        editor.client.protocol._request_futures |= dict(zip(("q1", "q2"), answers, strict=True))
        change = {"textDocument": {"uri": editor.uri("zu.md"), "version": 1}, "contentChanges": [{"text": "x"}]}
        for body in (
            b"{not json",
            b"[]",
            b'{"jsonrpc": "2.0"}',
            b'{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {"textDocument": 7}}',
            b'{"jsonrpc": "2.0", "method": "nobody/knows", "params": {}}',
            b'{"jsonrpc": "1.0", "id": 5, "method": "shutdown"}',
            json.dumps({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": change}).encode(),
            b'{"jsonrpc": "2.0", "id": "q1", "method": "textDocument/hover", "params": {"position": "here"}}',
            b'{"jsonrpc": "2.0", "id": "q2", "method": "nobody/knows", "params": {}}',
        ):
            server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        for answer in answers:
            with pytest.raises(JsonRpcException):
                await asyncio.wait_for(asyncio.wrap_future(answer), 10)
        for uri in ("untitled:Untitled-1", "https://x.org/a.md", "file:///nowhere/a.md", "", editor.uri("../draussen.md")):
            place = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(9**9, 9**9))
            assert await editor.client.text_document_hover_async(place) is None
        editor.type("日记.md", "今天读", "[[LSMT]]")
        assert await editor.diagnostics("日记.md", bool)


async def test_a_folder_that_is_no_vault_is_said_to_be_none(tmp_path: Path) -> None:
    async with editing(tmp_path / "folder", {"x.md": "[[没有]]\n"}) as editor:
        editor.open("x.md")
        assert await editor.client.text_document_hover_async(types.HoverParams(**editor.at("x.md", "[[没"))) is None
        assert [shown.message.startswith("kb: no vault around") for shown in editor.client.messages] == [True]


async def test_the_vault_can_be_named(tmp_path: Path) -> None:
    async with editing(tmp_path / "folder", {"x.md": "[[没有]]\n"}, "--vault", ".") as editor:
        editor.open("x.md")
        assert await editor.diagnostics("x.md", bool)


async def test_a_note_outside_the_folder_brings_its_own_vault(tmp_path: Path) -> None:
    (tmp_path / "other/.obsidian").mkdir(parents=True)
    (tmp_path / "other/y.md").write_text("[[没有]]\n", encoding="utf-8")
    async with editing(tmp_path / "vault", VAULT) as editor:
        editor.vault = tmp_path / "other"
        editor.open("y.md")
        assert await editor.diagnostics("y.md", bool)


@pytest.mark.parametrize("goodbye", [b"", b'{"jsonrpc": "2.0", "method": "exit"}'])
async def test_an_editor_that_vanishes_takes_the_server_along(tmp_path: Path, goodbye: bytes) -> None:
    message = b"Content-Length: %d\r\n\r\n%s" % (len(goodbye), goodbye) if goodbye else b""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "KB_CACHE_DIR": str(tmp_path)}
    ended = subprocess.run(KB, input=message, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout) == (1, b"")


async def test_a_markdown_link_is_completed_as_obsidian_writes_links(tmp_path: Path) -> None:
    files = {
        **VAULT,
        ".obsidian/app.json": '{"newLinkFormat": "relative"}',
        "概念/门 控.md": "# 门 控\n\n## 遗忘 门\n",
        "b/x.md": "见\n",
    }
    async with editing(tmp_path / "vault", files) as editor:
        editor.open("b/x.md")
        for typed, label in (("[它](门", "../概念/门 控.md"), ("#遗", "遗忘 门")):
            written = editor.texts["b/x.md"].removesuffix(")\n").removesuffix("\n")
            editor.rewrite("b/x.md", f"{written}{typed}\n")
            asked = types.CompletionParams(**editor.at("b/x.md", typed))
            found = await editor.client.text_document_completion_async(asked)
            assert isinstance(found, types.CompletionList)
            [item] = [item for item in found.items if item.label == label]
            assert isinstance(item.text_edit, types.TextEdit)
            document = types.OptionalVersionedTextDocumentIdentifier(editor.uri("b/x.md"))
            editor.apply(types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(document, [item.text_edit])]))
        assert editor.texts["b/x.md"] == "见[它](../概念/门%20控.md#遗忘%20门)\n"
        await editor.diagnostics("b/x.md", nothing)


@pytest.mark.parametrize(
    ("settings", "created"),
    [
        ({}, "新.md"),
        ({"newFileLocation": "root"}, "新.md"),
        ({"newFileLocation": "current"}, "概念/深/新.md"),
        ({"newFileLocation": "folder", "newFileFolderPath": "收件箱"}, "收件箱/新.md"),
    ],
)
async def test_a_missing_note_is_created_where_obsidian_would(tmp_path: Path, settings: dict[str, str], created: str) -> None:
    files = {**VAULT, ".obsidian/app.json": json.dumps(settings), "概念/深/x.md": "[[新]]\n"}
    async with editing(tmp_path / "vault", files) as editor:
        editor.open("概念/深/x.md")
        await editor.diagnostics("概念/深/x.md", bool)
        whole = types.Range(types.Position(0, 0), types.Position(0, 5))
        document = types.TextDocumentIdentifier(editor.uri("概念/深/x.md"))
        asked = types.CodeActionParams(document, whole, types.CodeActionContext([]))
        [action] = [
            found for found in await editor.client.text_document_code_action_async(asked) or () if "create" in found.title
        ]
        assert isinstance(action, types.CodeAction)
        assert action.edit is not None
        editor.apply(action.edit)
        assert (editor.vault / created).is_file()
