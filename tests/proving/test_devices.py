"""Proofs on the CPU and on a GPU. What needs a GPU is shown on a stand-in for torch that says it has one; what can be shown of
a GPU without any is shown on torch's meta device."""

from __future__ import annotations

from pathlib import Path

import pytest

from kbtools import app
from kbtools.model import Outcome, Report
from kbtools.snippets import devices
from kbtools.vault.cache import cache_folder
from tests.proving.project import PROOF, SNIPPET, check, outcomes_of, pair, put, write_project

TORCH = """
import os


class cuda:
    @staticmethod
    def is_available():
        return os.environ.get("CUDA_VISIBLE_DEVICES") != ""

    @staticmethod
    def get_device_name(number):
        return "Stand-in 9000"


def device(name):
    return name
"""
ON_DEVICE = "import os\nfrom snippets.{name} import twice\n\n\ndef test_twice(device):\n    assert twice(3) == 6\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def with_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A torch that has a GPU, on a machine that may have one."""
    put(tmp_path, "path/site-packages/torch.py", TORCH)
    put(tmp_path, "path/site-packages/torch-9.9.dist-info/METADATA", "Metadata-Version: 2.1\nName: torch\nVersion: 9.9\n")
    put(tmp_path, "path/site-packages/torch-9.9.dist-info/RECORD", "torch.py,,\n")
    monkeypatch.syspath_prepend(str(tmp_path / "path/site-packages"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path/site-packages"))
    monkeypatch.setattr(devices, "NODES", ("null",))


def told(report: Report) -> dict[tuple[str, str], str]:
    return {(Path(one.path).stem, one.device): one.reason or one.status for one in report.outcomes}


def test_each_device_has_its_own_outcome(with_gpu: None, tmp_path: Path) -> None:
    uses = f"import torch\n\n\n{SNIPPET}"
    hidden = "    assert (os.environ.get('CUDA_VISIBLE_DEVICES') == '') == (device == 'cpu')\n"
    project = write_project(
        tmp_path / "project",
        {
            **pair("right", uses, ON_DEVICE.format(name="right") + hidden),
            **pair("wrong", uses, ON_DEVICE.format(name="wrong") + "    assert device == 'cpu'\n"),
            **pair("crashes", uses, ON_DEVICE.format(name="crashes") + "    assert device == 'cpu' or os.abort()\n"),
            **pair("plain"),
            **pair("conftested", proof="def test_it(theirs):\n    assert theirs\n"),
            "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef theirs():\n    return 1\n",
        },
    )
    expected = {
        **{(name, "cpu"): "passed" for name in ("right", "wrong", "crashes", "plain", "conftested")},
        ("right", "cuda"): "passed",
        ("wrong", "cuda"): "assertion",
        ("crashes", "cuda"): "crash",
        ("plain", "cuda"): "no test of its proof asks for a device",
        ("conftested", "cuda"): "no test of its proof asks for a device",
    }
    assert told(check(project, device="auto", record=True)) == expected
    again = check(project, device="auto")
    assert told(again) == expected
    fresh = {(Path(one.path).stem, one.device) for one in again.outcomes if one.cached}
    assert fresh == {key for key, said in expected.items() if said == "passed"}
    assert told(check(project, device="cuda")) == {key: said for key, said in expected.items() if key[1] == "cuda"}
    assert '"name": "Stand-in 9000"' in (tmp_path / "project/snippets/evidence.json").read_text()


def test_without_a_gpu_it_is_skipped_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "NODES", ("no such device",))
    files = {**pair("one", proof=ON_DEVICE.replace("(device)", "(device='cpu')").format(name="one")), **pair("two")}
    files |= pair("three", proof=ON_DEVICE.format(name="three"))
    project = write_project(tmp_path, files)
    assert told(check(project, device="cuda")) == {
        ("one", "cuda"): "no test of its proof asks for a device",
        ("two", "cuda"): "no test of its proof asks for a device",
        ("three", "cuda"): "no CUDA device",
    }
    monkeypatch.setenv("KB_REQUIRE_CUDA", "1")
    report = check(project, device="cuda")
    assert [one.path for one in report.outcomes if one.status == "failed"] == ["snippets/three.py"]
    assert [(found.rule, found.path) for found in report.findings if found.severity == "error"] == [
        ("failing-snippet", "snippets/three.py")
    ]


def test_the_gpu_is_asked_for_once(with_gpu: None, tmp_path: Path) -> None:
    from kbtools.snippets.evidence import read_memory

    project = write_project(tmp_path / "project", pair("one", proof=ON_DEVICE.format(name="one")))
    check(project, device="cuda")
    assert list(read_memory(cache_folder(project.config.vault) / "evidence.json").gpus.values()) == ["Stand-in 9000"]


def test_hidden_gpus_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "NODES", ("null",))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert devices.gpu_key("2.13.0") != devices.gpu_key("2.12.0")
    for hidden in ("", "-1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert devices.gpu_key("2.13.0") == ""


# ------------------------------------------------------------------------------------------------ torch itself

POSITIONS = "import torch\n\n\ndef add_positions(x):\n    return x + torch.arange(x.shape[-1]{device})\n"
ON_META = """
import torch
from snippets.{name} import add_positions


def test_positions(device):
    assert add_positions(torch.zeros(3, device=device)).tolist() == [0, 1, 2]


def test_every_tensor_is_made_where_the_input_is(on_meta):
    on_meta(add_positions, torch.zeros(3))
"""
CHANGES_TORCH = """
import torch
torch.set_default_dtype(torch.float64)
torch.set_default_device("meta")
torch.set_grad_enabled(False)
torch.manual_seed(12345)
torch.nn.Linear.forward = None
"""
EXPECTS_TORCH = """
import os
import torch
from snippets.{name} import twice


def test_nobody_changed_torch(device):
    assert torch.get_default_dtype() == torch.float32 and torch.get_default_device().type == "cpu"
    assert torch.is_grad_enabled() and torch.get_num_threads() == 1
    assert torch.get_float32_matmul_precision() == "highest" and not torch.backends.cudnn.allow_tf32
    assert torch.nn.Linear(2, 3)(torch.ones(2)).shape == (3,)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "" and not torch.cuda.is_available()
    assert twice(torch.ones(2, device=device)).sum() == 4
"""
EATS = "from snippets.eats import twice\nimport torch\n\n\ndef test_twice():\n    torch.ones(1 << 28)\n"


@pytest.fixture(scope="module")
def torch_outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    pytest.importorskip("torch")
    root = tmp_path_factory.mktemp("torch")
    files = {
        **pair("misplaced", POSITIONS.format(device=""), ON_META.format(name="misplaced")),
        **pair("placed", POSITIONS.format(device=", device=x.device"), ON_META.format(name="placed")),
        **pair("changes", CHANGES_TORCH + SNIPPET, PROOF.format(name="changes")),
        **pair("expects", proof=EXPECTS_TORCH.format(name="expects")),
        **pair("eats", proof=EATS),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KB_CACHE_DIR", str(root / "cache"))
        return outcomes_of(check(write_project(root / "project", files, timeout=60)))


def test_a_tensor_on_the_wrong_device_is_caught_without_a_gpu(torch_outcomes: dict[str, Outcome]) -> None:
    """Every value is right on the CPU; on a GPU the sum of tensors of two devices would be an error."""
    misplaced = torch_outcomes["misplaced"]
    assert (misplaced.status, misplaced.reason, misplaced.line) == ("failed", "assertion", 5)
    told = misplaced.detail.partition("\n")[0]
    assert told.startswith("test_every_tensor_is_made_where_the_input_is: ")
    assert "makes a tensor of shape (3,) on 'cpu', its inputs are on 'meta'" in told
    assert "snippets/misplaced.py:5: return x + torch.arange(x.shape[-1])" in told
    assert torch_outcomes["placed"].status == "passed"


def test_nothing_a_proof_does_to_torch_reaches_another(torch_outcomes: dict[str, Outcome]) -> None:
    assert torch_outcomes["changes"].status == "passed", torch_outcomes["changes"].detail
    assert torch_outcomes["expects"].status == "passed", torch_outcomes["expects"].detail


def test_torch_is_bound_too(torch_outcomes: dict[str, Outcome]) -> None:
    assert torch_outcomes["eats"].reason == "memory", torch_outcomes["eats"].detail


def test_nothing_was_proven_of_a_project_without_snippets(tmp_path: Path) -> None:
    put(tmp_path, "kb.toml", 'vault = "notes"\nsnippets = "snippets"\n')
    put(tmp_path, "notes/a.md", "")
    assert check(app.open_project(None, tmp_path)).outcomes == ()
