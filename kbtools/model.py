"""The nouns: what a vault is made of and what can be said about it.

Everything here is immutable and knows nothing of disks, formats or rules. Spans are half-open
and count characters of `Source.text`; lines and columns appear only where a person reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NewType, Protocol

NotePath = NewType("NotePath", str)
"""Vault-relative POSIX path: the one identity of a file."""

Severity = Literal["error", "warning"]
LinkForm = Literal["wiki", "markdown", "reference", "property", "canvas"]
AnchorKind = Literal["heading", "block", "footnote"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open range of characters of a source's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Source:
    """A file before anyone understood it. `problem` says why it could not be read (its text is then empty)."""

    path: NotePath
    text: str
    digest: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A use of a name, as written. `key` is the property a property link stands in (`up.0`)."""

    form: LinkForm
    target: str
    subpath: str
    display: str
    embed: bool
    hidden: bool
    span: Span
    key: str = ""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place a subpath can mean. `key` is the normalised text it is found by; `level` counts for headings only."""

    kind: AnchorKind
    key: str
    text: str
    level: int
    span: Span


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag as written, without its `#`."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Fence:
    """One fenced code block. `info` is the whole header after the fence marks, `lang` its first word, `title` the
    value of `title="…"`; `prefix` is what stands before the opening marks on their line (`> `, two spaces, …).
    `body_span` covers the lines between the marks, prefixes included."""

    lang: str
    info: str
    title: str
    prefix: str
    body_span: Span
    span: Span
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Note:
    """One parsed file. `properties_problem` says why the frontmatter is no mapping; `body` is where the text after it starts."""

    source: Source
    properties: Mapping[str, object]
    properties_problem: str
    properties_span: Span
    aliases: tuple[str, ...]
    tags: tuple[Tag, ...]
    anchors: tuple[Anchor, ...]
    links: tuple[Link, ...]
    fences: tuple[Fence, ...]
    math: tuple[Span, ...]
    opaque: tuple[Span, ...]

    @property
    def path(self) -> NotePath:
        return self.source.path


@dataclass(frozen=True, slots=True)
class Found:
    """The link means this file, and the place in it if it names one."""

    path: NotePath
    anchor: Anchor | None = None


@dataclass(frozen=True, slots=True)
class MissingFile:
    """No file has that name."""


@dataclass(frozen=True, slots=True)
class MissingAnchor:
    """The file exists, the heading, block or footnote does not."""

    path: NotePath


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several files qualify and none exactly; Obsidian takes the first. One path alone: it matched by accident."""

    paths: tuple[NotePath, ...]

    @property
    def path(self) -> NotePath:
        return self.paths[0]


@dataclass(frozen=True, slots=True)
class External:
    """An address outside the vault."""

    url: str


Resolution = Found | MissingFile | MissingAnchor | Ambiguous | External


@dataclass(frozen=True, slots=True)
class Edge:
    """A link and its meaning; an unresolved link is an edge too."""

    source: NotePath
    link: Link
    to: Resolution


@dataclass(frozen=True, slots=True)
class Fix:
    """Replace `span` of the finding's file by `text`; only what is proven right is offered."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong, said once, for a person. `severity` is set from the configuration. `target` is the name in
    question, if there is one; `place` a second address (`snippets/nn/x.py:12`). `where` is (line, column, end line, end
    column), filled in once the finding leaves the rules."""

    rule: str
    severity: Severity
    path: str
    span: Span
    message: str
    hint: str = ""
    target: str = ""
    place: str = ""
    fix: Fix | None = None
    where: tuple[int, int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A block that shows a part of a snippet, existing or not: `title="path#part"`. `part` is "" for the whole file;
    `code` has no prefixes."""

    path: str
    part: str
    note: NotePath
    fence: Fence
    code: str

    @property
    def title(self) -> str:
        return f"{self.path}#{self.part}" if self.part else self.path


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code to prove: a file of the project. `shown` are the (note, fence) pairs whose title names it; `problem` says why it
    could not be read (its text is then empty)."""

    path: str
    text: str
    proof: str
    proof_text: str
    shown: tuple[tuple[NotePath, Fence], ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened when a snippet was proven on a device. `detail` is for a person: a line on what happened, then the last
    lines of what was printed about it; `line` is the snippet's where it failed, 0 when it failed elsewhere; `why` says what
    had changed when it was proven before and ran again."""

    path: str
    device: str
    status: Literal["passed", "failed", "skipped"]
    reason: str
    seconds: float
    cached: bool = False
    detail: str = ""
    line: int = 0
    digest: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Ignore:
    """A rule that a comment silences: on a line, or with line 0 in the whole note. `span` is the rule's name in the comment;
    `problem` and `hint` say why the comment does nothing."""

    path: NotePath
    rule: str
    span: Span
    line: int
    problem: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What asking for a web address gave. `detail` says it in words; `moved` is where it has gone for good."""

    kind: Literal["alive", "dead", "unknown"]
    detail: str = ""
    moved: str = ""


class Vault(Protocol):
    """Everything known at one moment: a rule's whole world."""

    @property
    def notes(self) -> Mapping[NotePath, Note]:
        """Every link source by path, in path order; parsed on demand."""

    @property
    def attachments(self) -> tuple[NotePath, ...]:
        """Every other file, in path order."""

    def iter_edges(self) -> Iterator[Edge]:
        """Every link with its meaning, by path and position."""

    def iter_property_edges(self) -> Iterator[Edge]:
        """Of these, the links in properties."""

    def iter_targets(self) -> Iterator[tuple[NotePath, NotePath]]:
        """(source, file) of the links that find their file, once for each pair: no nouns are made, so a vault costs little."""

    def iter_aliases(self) -> Iterator[tuple[NotePath, str]]:
        """Every alias of every note."""

    def resolve(self, written: str, source: NotePath) -> Resolution:
        """What `[[written]]` means in `source`; a subpath may follow a `#`."""

    @property
    def snippets(self) -> Mapping[str, Snippet]:
        """The project's snippets by project-relative path; empty where none are configured."""

    @property
    def shown(self) -> tuple[Shown, ...]:
        """Every block whose title names a file below the snippets folder, by note and place."""

    @property
    def agreed(self) -> Mapping[tuple[str, str], str]:
        """(note, title) -> digest of the code when block and snippet were last seen equal."""

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What running the proofs gave; empty when nothing was run."""

    @property
    def answers(self) -> Mapping[str, Answer]:
        """What asking the web gave, by address; empty when nobody was asked."""

    @property
    def idle_ignores(self) -> tuple[Ignore, ...]:
        """The comments that silence nothing, known once the other rules have spoken."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found: the facts every output format renders. `text_of` gives a path's text, for positions; `remarks`
    are lines for the person who asked, about the run rather than the notes."""

    vault: str
    notes: int
    links: int
    snippets: int
    seconds: float
    findings: tuple[Finding, ...]
    outcomes: tuple[Outcome, ...]
    text_of: Callable[[str], str]
    remarks: tuple[str, ...] = ()

    @property
    def errors(self) -> int:
        return sum(finding.severity == "error" for finding in self.findings)

    @property
    def warnings(self) -> int:
        return sum(finding.severity == "warning" for finding in self.findings)
