"""Sites as a reader gets them: our own vault, and a small project with what ours does not hold, both built by `kb build`."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import wave
from pathlib import Path
from urllib.parse import quote

from kbtools import app
from kbtools.config import find_config
from kbtools.snippets import evidence, record
from kbtools.snippets.grounds import survey

ROOT = Path(__file__).parents[2]
SOURCES = "https://example.org/source/"
TITLES = {"cpu": "只在 CPU", "both": "两种设备", "stale": "旧了", "mixed": "一新一旧", "none": "没有"}
"""What the small project's snippets are called by the state of their proofs."""
MEMORY = """\
---
aliases: [记]
kind: concept
tags: [网络/循环]
minutes: 20
prerequisites: ["[[梯度]]"]
---
## 引子

见[[梯度#为什么会消失]]，更细的在[[梯度#为什么会消失#长度|长度一节]]，规则是[[梯度#^rule]]；[[没有写的]]还没有写，回到[[#图与声]]。

## 嵌入

![[梯度]]

只要一节：

![[梯度#长度]]

只要一块：

![[梯度#^rule]]

![[自己嵌自己]]

## 标注

> [!tip]+ 展开的
> 外层。
>
> > [!question]- 里层折叠
> > 里层的答案。

> [!warning] 不能折叠
> ==要紧== ~~作废~~ %%看不见%%[^1]

- [x] 做完
- [ ] 没做
  - 子项

[^1]: 脚注的话。

| 名 | 值 |
|---|---|
| 甲 | $\\frac{1}{2}$ |

## 图与声

![[图.svg|120]]

![[声.wav]]

![[论文.pdf]]

![[板.canvas]]

## 公式

$$
A=\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix},\\quad f(x)=\\begin{cases} x, & x>0 \\\\ 0, & \\text{其余} \\end{cases}
$$

## 代码

"""
GRADIENT = """\
---
kind: concept
tags: [网络]
---
沿时间往回走的梯度是一串数相乘，乘多了就变小，这就是常说的消失。

## 为什么会消失

每走一步都乘一个小于一的数。

### 长度

走五十步，剩下的不到千分之一。

## 规则

先裁剪，再更新。 ^rule

写[[记忆]]的人都读过它。
"""
CANVAS = """{"nodes": [{"id": "a", "type": "text", "text": "卡片里的[[梯度]]", "x": 0, "y": 0, "width": 200, "height": 80},
{"id": "b", "type": "file", "file": "概念/记忆.md", "x": 300, "y": 0, "width": 200, "height": 80}],
"edges": [{"id": "e", "fromNode": "a", "toNode": "b"}]}"""
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="60"><circle cx="30" cy="30" r="20"/></svg>'
DOCUMENT = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


def write_small_project(root: Path) -> Path:
    """A project with every construct and with snippets in every state of proof; gives its folder."""
    fences = "".join(
        f'{title}：\n\n```python title="snippets/{name}.py#double"\n{_code(name).partition(chr(10) * 2)[2].strip()}\n```\n\n'
        for name, title in TITLES.items()
    )
    texts = {
        "notes/index.md": "---\nkind: map\naliases: [首页]\n---\n从[[记忆]]与[[梯度]]开始。\n",
        "notes/概念/记忆.md": f"{MEMORY}{fences}示意：\n\n```python\nx = 1\n```\n",
        "notes/概念/梯度.md": GRADIENT,
        "notes/概念/自己嵌自己.md": "前。\n\n![[自己嵌自己]]\n",
        "notes/附件/板.canvas": CANVAS,
        "notes/附件/图.svg": DRAWING,
        "mkdocs.yml": (ROOT / "mkdocs.yml")
        .read_text("utf-8")
        .replace("plugins: [kb]", f"plugins: [{{kb: {{source_url: {SOURCES}}}}}]"),
        "pyproject.toml": '[tool.kb]\nvault = "notes"\nsnippets = "snippets"\nproofs = "tests/snippets"\n',
    }
    for name, title in TITLES.items():
        texts[f"snippets/{name}.py"] = _code(name)
        texts[f"tests/snippets/test_{name}.py"] = _proof(name, title)
    files = {path: text.encode() for path, text in texts.items()}
    files |= {"notes/附件/声.wav": _sound(), "notes/附件/论文.pdf": DOCUMENT}
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    _record_proofs(root)
    return root


def build_site(root: Path, site: Path, *, address: str = "", folders: bool = True) -> Path:
    """What `kb build` makes of a project; plain `mkdocs build` where its settings are to say the `address` that it will have, or
    that it is read from files (not `folders`)."""
    command = [sys.executable, "-m", "kbtools", "build", "--strict", "--site-dir", str(site)]
    if address or not folders:
        settings = site.with_name(f"{site.name}.yml")
        lines = (f"INHERIT: {root / 'mkdocs.yml'}", f"docs_dir: {root / 'notes'}", f"site_dir: {site}", f"site_url: {address}")
        settings.write_text("\n".join((*lines, f"use_directory_urls: {str(folders).lower()}\n")), "utf-8")
        command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--config-file", str(settings)]
    environment = {**os.environ, "KB_CACHE_DIR": str(site.with_name(f"{site.name}-cache"))}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return site


def find_pages(site: Path) -> list[str]:
    """The addresses of all pages of a site, without those that only lead on."""
    pages = sorted(site.rglob("*.html"))
    urls = (
        str(page.relative_to(site)).removesuffix("index.html") for page in pages if b"http-equiv" not in page.read_bytes()[:600]
    )
    return [quote(url) for url in urls]


def _code(name: str) -> str:
    return f'"""一个数乘二：{TITLES[name]}。"""\n\ndef double(x: float) -> float:\n    return 2 * x\n'


def _proof(name: str, title: str) -> str:
    return (
        f'"""{title}的证明：对照加法。"""\n\nfrom snippets.{name} import double\n\n\n'
        "def test_double(assert_close):\n    assert_close(double(3.0), 3.0 + 3.0, factor=10)\n"
    )


def _record_proofs(root: Path) -> None:
    """Writes the evidence down, as `kb check --record` would on machines with and without a GPU."""
    snippets = app.scan(app.Project(find_config(root, root / "notes"))).snippets
    surveyor = survey(root, evidence.Memory())
    records = []
    for name, devices in {
        "cpu": {"cpu": True},
        "both": {"cpu": True, "cuda": True},
        "stale": {"cpu": False},
        "mixed": {"cpu": True, "cuda": False},
    }.items():
        snippet = snippets[f"snippets/{name}.py"]
        for device, holds in devices.items():
            gpu = "NVIDIA H100 80GB HBM3" if device == "cuda" else ""
            grounds = surveyor.grounds_of(snippet, gpu)
            versions = {**grounds.versions, "torch": "2.13.0"}
            digest = evidence.digest_of(grounds.files, versions, gpu) if holds else "0" * 64
            records.append(record.Record(snippet.path, device, gpu, "2026-11-26", digest, tuple(sorted(versions.items()))))
    record.write_records(root / "snippets" / record.NAME, records)


def _sound() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(bytes(800))
    return file.getvalue()
