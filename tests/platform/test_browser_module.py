"""Modules for the browser: found where Reflex's own way would put them, without its price."""

from pathlib import Path

import pytest
import reflex as rx

from crm_app.ui import browser_module as linking
from crm_app.ui.browser_module import browser_module


def test_the_path_is_the_one_of_reflex(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(linking, "ASSETS", tmp_path / "ours")
    theirs = rx.asset("__init__.py", shared=True).importable_path
    ours = browser_module("__init__.py", package=__name__, beside=__file__)
    assert ours == theirs
    links = [tmp_path / "assets", tmp_path / "ours"]
    assert {(folder / ours.removeprefix("$/public/")).resolve() for folder in links} == {
        Path(__file__).with_name("__init__.py")
    }


def test_a_link_that_points_elsewhere_is_mended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(linking, "ASSETS", tmp_path)
    link = tmp_path / "external" / "a" / "b" / "__init__.py"
    link.parent.mkdir(parents=True)
    link.symlink_to("/old/place/of/the/project")
    browser_module("__init__.py", package="a.b", beside=__file__)
    browser_module("__init__.py", package="a.b", beside=__file__)
    assert link.resolve() == Path(__file__).with_name("__init__.py")
    assert [path.name for path in link.parent.iterdir()] == ["__init__.py"]


def test_a_missing_file_is_noticed_at_import() -> None:
    with pytest.raises(FileNotFoundError):
        browser_module("no-such.jsx", package="a", beside=__file__)
