"""What every test shares: the switch that rewrites the expectations of the pages."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-pages",
        action="store_true",
        help="write what rules find and commands print into docs/rules/*.md and docs/cli/*.md instead of comparing",
    )


@pytest.fixture
def rewrite_pages(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--rewrite-pages"))
