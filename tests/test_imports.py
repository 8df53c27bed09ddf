"""The floors of the house: imports point down, never up, never in a circle. Read from the source alone."""

from __future__ import annotations

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import gptlineage
from gptlineage import paths

PACKAGE = Path(gptlineage.__file__).parent
GROUND = {"errors", "paths"}
# What each part may import besides itself and the ground floor.
FLOORS: dict[str, set[str]] = {
    "model": set(),
    "text": set(),
    "world": set(),
    "corpus": {"model", "text", "world"},
    "inference": {"model", "text", "world"},
    "training": {"model", "text", "world", "corpus", "inference"},
    "evaluation": {"model", "text", "world", "corpus", "inference", "training"},
    "lineage": {"model", "text", "world", "corpus", "inference", "training", "evaluation", "bridge"},
    "bridge": {"model", "text", "world", "corpus", "inference"},
    "cli": {"model", "text", "world", "corpus", "inference", "training", "evaluation", "lineage", "apps", "gptlineage"},
}


def part_of(path: Path) -> str:
    """The folder that a file belongs to, or its own name: `training`, `cli`."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path: Path) -> set[str]:
    """The absolute names of all that a file imports, wherever in it the import stands."""
    package = ["gptlineage", *path.relative_to(PACKAGE).parent.parts]
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names |= {module} if node.module else {f"{module}.{alias.name}" for alias in node.names}
    return names


def ours(path: Path) -> set[str]:
    """The parts of gptlineage that a file imports, its own left out; apps count as a part."""
    found = set()
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "gptlineage":
            found.add(parts[1] if len(parts) > 1 else "gptlineage")
        elif parts[0] == "apps":
            found.add("apps")
    return found - {part_of(path)}


FILES = sorted(PACKAGE.rglob("*.py"))
INSIDE = [path for path in FILES if path.parent != PACKAGE and part_of(path) not in ("apps", "data")]


def test_every_part_has_a_floor():
    assert {part_of(path) for path in INSIDE} <= set(FLOORS)
    assert {part_of(path) for path in FILES if path.parent == PACKAGE} == {"__init__", "errors", "paths"}


@pytest.mark.parametrize("path", INSIDE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path):
    assert ours(path) <= FLOORS[part_of(path)] | GROUND


def test_nothing_imports_in_a_circle():
    graph: dict[str, set[str]] = {}
    for path in INSIDE:
        graph.setdefault(part_of(path), set()).update(ours(path))
    assert list(TopologicalSorter(graph).static_order())  # raises CycleError otherwise


def test_the_core_knows_torch_and_itself_only():
    for path in FILES:
        if part_of(path) == "model":
            outside = {name.split(".")[0] for name in imported(path)} - set(sys.stdlib_module_names)
            assert outside <= {"torch", "gptlineage"}
            assert not ours(path), path


def test_the_core_knows_no_generations_name():
    for path in FILES:
        if part_of(path) == "model":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            documentation = {
                ast.get_docstring(node, clean=False)
                for node in ast.walk(tree)
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            }
            strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)} - documentation
            assert not [s for s in strings if isinstance(s, str) and "gpt-" in s.lower()], path


@pytest.mark.parametrize("name", ["errors", "paths"])
def test_the_ground_floor_stands_on_nothing(name):
    names = imported(PACKAGE / f"{name}.py")
    assert {part.split(".")[0] for part in names} <= set(sys.stdlib_module_names)


def test_the_world_needs_no_library():
    """Text, facts and judge run without torch, so that other programs may use them."""
    for path in FILES:
        if part_of(path) == "world":
            assert {name.split(".")[0] for name in imported(path)} <= {*sys.stdlib_module_names, "gptlineage"}, path


def test_nothing_unpickles():
    """torch.load reads only what the speed comparison has trained itself, and even that with weights_only."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("torch.load", "torch.jit.load"):
                assert part_of(path) == "evaluation", path
                assert "weights_only=True" in ast.unparse(node), path
        assert not imported(path) & {"pickle", "dill", "joblib", "shelve", "marshal"}, path


def test_the_package_finds_its_data():
    assert (paths.data_dir() / "tokenizer" / "tokenizer.json").is_file()
    assert (paths.data_dir() / "world").is_dir()
