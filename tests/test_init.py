from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import stridewise


def test_every_public_name_is_there() -> None:
    for name in stridewise.__all__:
        assert getattr(stridewise, name).__name__ == name
    assert sorted(stridewise.__all__) == stridewise.__all__


def test_public_names_are_those_of_their_modules() -> None:
    for name, module in {
        "Analysis": "result",
        "Context": "context",
        "InputError": "errors",
        "Recording": "recording",
        "analyze": "analysis",
        "read": "readers",
    }.items():
        assert getattr(stridewise, name) is getattr(import_module(f"stridewise.{module}"), name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'stridewise' has no attribute 'nonsense'"):
        stridewise.nonsense  # noqa: B018


def test_the_version_is_that_of_the_project() -> None:
    project = Path(__file__).parents[1] / "pyproject.toml"
    assert tomllib.loads(project.read_text())["project"]["version"] == stridewise.__version__


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, stridewise; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "scipy", "pandas", "jinja2"} & set(done.stdout.split())
