"""Names and bounds of requirements.txt as pip reads them."""

import pytest
from land_subsidence.subsidence_plugin.engine.installation import packages
from land_subsidence.subsidence_plugin.engine.installation.requirements import (
    FILE,
    Requirement,
    read_requirements,
    release,
)


def test_names_and_bounds_are_read(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text(
        "# note\n\ntorch>=2.8\noptuna >= 5, < 6  # why\njenkspy\n-r other.txt\n--no-index\n"
    )
    assert read_requirements(file) == [
        Requirement("torch", ">=2.8"), Requirement("optuna", ">=5,<6"), Requirement("jenkspy"),
    ]  # fmt: skip


def test_the_file_of_the_plugin_holds_lower_bounds_only_but_for_a_reason():
    found = read_requirements()
    assert {"torch", "scikit-learn", "safetensors", "optuna"} <= {r.name for r in found}
    for requirement in found:
        assert ">=" in requirement.bounds and "==" not in requirement.bounds, requirement
    above = [r.name for r in found if "<" in r.bounds]
    assert above == ["optuna"] and "Optuna 6 drops" in FILE.read_text(encoding="utf-8")


def test_every_package_has_a_purpose():
    names = [r.name for r in (*packages.FOUNDATION, *read_requirements())]
    assert [name for name in names if not packages.PURPOSES.get(name)] == []


@pytest.mark.parametrize(
    ("bounds", "version", "allowed"),
    [
        (">=2.8", "2.8", True), (">=2.8", "2.8.0", True), (">=2.8", "2.13.0+cpu", True),
        (">=2.8", "2.7.9", False), (">=5,<6", "5.0.1", True), (">=5,<6", "6.0.0", False),
        (">=5,<6", "4.9", False), ("==1.24", "1.24.0", True), ("!=1.24", "1.24", False),
        (">1,<=2", "2.0", True), ("", "0.0.1", True), (">=0.60", "0.6", False),
    ],
)  # fmt: skip
def test_bounds_compare_numbers_and_not_letters(bounds, version, allowed):
    pip = pytest.importorskip("packaging.specifiers")
    assert Requirement("x", bounds).allows(version) is allowed
    assert pip.SpecifierSet(bounds).contains(version) is allowed


def test_release_ignores_what_follows_the_numbers():
    assert release("2.13.0+cpu") == (2, 13, 0)
    assert release("3.0rc1") == (3, 0)
    assert release("unknown") == ()
