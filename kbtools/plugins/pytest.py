"""pytest learns what a snippet and its proof are: fixtures, a clean process for each proof, a `runs` test a snippet.

Does nothing where no `snippets` are configured. What is decided, is decided in kbtools/snippets.

KB_DEVICE=cpu hides every GPU; cuda runs the tests on a GPU only; auto (the default) runs both. KB_REQUIRE_CUDA=1 makes
a missing GPU a failure. KB_PROOF_REPORT names the file that `kb check` reads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any

import pytest

from kbtools.config import Config, find_config
from kbtools.errors import KbError, VaultError
from kbtools.snippets import alone, journal, proof, session, state


def pytest_configure(config: pytest.Config) -> None:
    try:
        settings = find_config(None, config.rootpath)
    except VaultError:
        return
    except KbError as error:
        raise pytest.UsageError(str(error)) from error
    if settings.snippets:
        config.pluginmanager.register(Proofs(settings, config), "kb-proofs")


class Proofs:
    """The hooks and fixtures of a project that has snippets."""

    def __init__(self, settings: Config, config: pytest.Config) -> None:
        self.root = settings.root
        self.snippets = settings.root / settings.snippets
        self.proofs = settings.root / settings.proofs if settings.proofs else None
        self.timeout = float(os.environ.get("KB_TIMEOUT", settings.timeout))
        self.wanted = os.environ.get("KB_DEVICE", "auto")
        self.journal = journal.Journal(os.environ.pop("KB_PROOF_REPORT", ""), settings.root)  # no other pytest's, inside a test
        self.before: tuple[Path, state.State] | None = None
        self.now: pytest.Item | None = None
        if self.wanted not in ("auto", "cpu", "cuda"):
            raise pytest.UsageError(f"KB_DEVICE is '{self.wanted}' (it takes auto, cpu or cuda)")
        session.prepare_process(settings.root, hide_gpu=self.wanted == "cpu")
        missing = session.snippets_to_add(config.args, config.invocation_params.dir, self.snippets, self.proofs)
        config.args += [] if self.journal.path else missing

    # -------------------------------------------------------------------------------------------- collecting

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        if not session.is_snippet(file_path, self.snippets) or self.wanted == "cuda":
            return None
        return SnippetFile.from_parent(parent, path=file_path, proofs=self)

    def pytest_pycollect_makemodule(self, module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """A snippet named on the command line is no test module."""
        if module_path.is_relative_to(self.snippets):
            return NoTests.from_parent(parent, path=module_path)
        return None

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, pytest.CollectReport]:
        if not isinstance(collector, pytest.File):
            return (yield)  # type: ignore[no-any-return]
        self.journal.write("collect", path=collector.path)
        try:
            report: pytest.CollectReport = yield
        except SystemExit as error:
            text = f"{journal.cause_of(error)} while it is imported"
            report = pytest.CollectReport(collector.nodeid, "failed", text, [])
            self.journal.write("collected", path=collector.path, **journal.describe_collection(report, error))
            return report
        if report.outcome != "failed":
            self.journal.write("collected", path=collector.path, **journal.describe_collection(report, None))
        return report

    def pytest_exception_interact(self, node: object, call: pytest.CallInfo[Any], report: object) -> None:
        """A file that cannot be imported; failing tests are told by their own reports."""
        if isinstance(node, pytest.File) and isinstance(report, pytest.CollectReport) and call.excinfo is not None:
            facts = journal.describe_collection(report, call.excinfo.value)
            self.journal.write("collected", path=node.path, **facts)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """`kb check` runs each device by itself; for everybody else the tests that cannot run are there, and skip."""
        if self.wanted == "cuda":
            self._deselect(config, items, {"", "cpu"})
        elif self.wanted == "cpu" and self.journal.path:
            self._deselect(config, items, {"cuda"})

    def _deselect(self, config: pytest.Config, items: list[pytest.Item], devices: set[str]) -> None:
        kept = [item for item in items if _device_of(item) not in devices or not self._is_proof(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept

    # -------------------------------------------------------------------------------------------- running

    def _is_proof(self, item: pytest.Item) -> bool:
        return isinstance(item, Runs) or (self.proofs is not None and item.path.is_relative_to(self.proofs))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
        """A test's own changes are undone after it, what its fixtures leave behind after its file."""
        if not self._is_proof(item):
            return (yield)
        if self.before is None:
            self.before = item.path, state.remember()
        state.prepare()
        self.now = item
        self.journal.write("start", nodeid=item.nodeid)
        try:
            return (yield)
        finally:
            if nextitem is None or nextitem.path != item.path:
                state.restore(self.before[1])
                self.before = None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        if not self._is_proof(item):
            return (yield)
        before, process = state.remember(), os.getpid()
        try:
            return (yield)
        finally:
            if os.getpid() != process:
                self.journal.leave_fork(item.nodeid)
            state.restore(before)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if self._is_proof(item):
            error = call.excinfo.value if call.excinfo else None
            self.journal.write("result", nodeid=item.nodeid, **journal.describe_result(report, error))
        return report

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """A test raised KeyboardInterrupt, or called pytest.exit: that is told of no test, and no other one runs."""
        file, nodeid = (str(self.now.path), self.now.nodeid) if self.now is not None else ("", "")
        facts = journal.describe_error(excinfo.value, file)
        self.journal.write("result", nodeid=nodeid, when="call", outcome="failed", **facts)

    # -------------------------------------------------------------------------------------------- fixtures

    @pytest.fixture(params=["cpu", "cuda"])
    def device(self, request: pytest.FixtureRequest) -> Any:
        """The torch.device to prove on; skips (KB_REQUIRE_CUDA=1: fails) where there is none."""
        if request.param == "cuda" and not session.has_cuda(self.wanted):
            if os.environ.get("KB_REQUIRE_CUDA") == "1":
                pytest.fail("no CUDA device, and KB_REQUIRE_CUDA=1", pytrace=False)
            pytest.skip("no CUDA device")
        return session.import_torch().device(request.param)

    @pytest.fixture(params=["float64", "float32"])
    def dtype(self, request: pytest.FixtureRequest) -> Any:
        """The torch.dtype to prove with."""
        return getattr(session.import_torch(), request.param)

    @pytest.fixture
    def assert_close(self) -> Callable[..., None]:
        """Equal within the tolerance of the first value's dtype and device (kbtools.snippets.proof.assert_close)."""
        return proof.assert_close

    @pytest.fixture
    def on_meta(self) -> Callable[..., Any]:
        """Calls a function on the meta device (kbtools.snippets.proof.on_meta)."""
        return proof.on_meta

    @pytest.fixture
    def altered(self) -> Callable[..., Any]:
        """A snippet's module with one place of its source changed (kbtools.snippets.proof.altered)."""
        return proof.altered


class NoTests(pytest.File):
    """A file that holds none."""

    def collect(self) -> Iterable[pytest.Item]:
        return []


class SnippetFile(pytest.File):
    """A snippet; its one test is that it runs."""

    def __init__(self, *, proofs: Proofs, **rest: Any) -> None:
        super().__init__(**rest)
        self.proofs = proofs

    def collect(self) -> Iterable[pytest.Item]:
        yield Runs.from_parent(self, name="runs", root=self.proofs.root, timeout=self.proofs.timeout)


class Runs(pytest.Item):
    """The file runs alone."""

    def __init__(self, *, root: Path, timeout: float, **rest: Any) -> None:
        super().__init__(**rest)
        self.root, self.timeout = root, timeout
        self.funcargs: dict[str, object] = {}  # there are none; plugins look for them on every item
        if self.config.pluginmanager.hasplugin("timeout"):
            self.add_marker(pytest.mark.timeout(timeout + 30))

    def runtest(self) -> None:
        failure = alone.run_alone(self.path, self.root, self.timeout)
        if failure is not None:
            raise journal.DoesNotRunError(failure)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, journal.DoesNotRunError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, 0, f"{self.path.name} runs alone"


def _device_of(item: pytest.Item) -> str:
    """The device a test is parametrised with ("" for none)."""
    device = getattr(getattr(item, "callspec", None), "params", {}).get("device", "")
    return str(device) if str(device) in ("cpu", "cuda") else ""
