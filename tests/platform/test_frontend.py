"""The front end's build: skipped when nothing changed, impossible to mistake for another, clear when it fails."""

import json
from pathlib import Path

import pytest
import reflex_base
from reflex_base.compiler.templates import vite_config_template

from crm_app.cli import frontend
from crm_app.core.operator_errors import OperatorError
from crm_app.ui.chunks import keep_icons_together
from crm_app.ui.same_origin import STATE_MODULE, use_own_origin


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project that looks like ours."""
    for name, text in {
        "rxconfig.py": "config",
        "requirements.lock": "reflex==1",
        "reflex.lock/package.json": "{}",
        "assets/css/tokens.css": "a{}",
        "crm_app/pages/board/page.py": "page",
        "crm_app/cli/run.py": "no part of the front end",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(frontend, "ROOT", tmp_path)
    monkeypatch.setattr(frontend, "WEB", tmp_path / ".web")
    monkeypatch.setattr(frontend, "BUILT", tmp_path / ".web/build/client")
    monkeypatch.setattr(frontend, "_STAMP", tmp_path / ".web/prumo-build.json")
    monkeypatch.setattr(frontend, "_LEAST_FREE_BYTES", 0)
    return tmp_path


@pytest.mark.parametrize("name", ["rxconfig.py", "assets/css/tokens.css", "crm_app/pages/board/page.py"])
def test_a_change_that_the_browser_could_see_changes_the_hash(project: Path, name: str) -> None:
    before = frontend.sources_hash()
    (project / name).write_text("other")
    assert frontend.sources_hash() != before


@pytest.mark.parametrize("name", ["crm_app/cli/run.py", "crm_app/pages/__pycache__/page.pyc", "tests/test_x.py"])
def test_other_changes_do_not(project: Path, name: str) -> None:
    before = frontend.sources_hash()
    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).write_text("other")
    assert frontend.sources_hash() == before


def test_moving_text_between_files_changes_the_hash(project: Path) -> None:
    before = frontend.sources_hash()
    (project / "assets/css/tokens.css").rename(project / "assets/css/other.css")
    assert frontend.sources_hash() != before


def test_it_is_built_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []

    def export() -> None:
        built.append(1)
        frontend.BUILT.mkdir(parents=True, exist_ok=True)
        (frontend.BUILT / "index.html").write_text("page")

    monkeypatch.setattr(frontend, "_export", export)
    assert frontend.build() is True
    assert frontend.build() is False
    (project / "rxconfig.py").write_text("other")
    assert frontend.build() is True
    assert frontend.build(force=True) is True
    (frontend.BUILT / "index.html").unlink()
    assert frontend.build() is True
    assert len(built) == 4


def test_a_failed_build_is_not_taken_for_a_good_one(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontend, "_export", lambda: (_ for _ in ()).throw(OperatorError("no", "look above")))
    frontend._STAMP.parent.mkdir()
    frontend._STAMP.write_text(json.dumps({"sources": "of an older build"}))
    with pytest.raises(OperatorError):
        frontend.build()
    assert not frontend.is_built()


@pytest.mark.parametrize("stamp", ["", "no json", "[]", "{}", '{"sources": 1}'])
def test_a_damaged_stamp_means_not_built(project: Path, stamp: str) -> None:
    frontend._STAMP.parent.mkdir()
    frontend._STAMP.write_text(stamp)
    assert not frontend.is_built()


@pytest.mark.parametrize("version", ["v20.19.0", "v22.21.9", ""])
def test_an_old_node_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    (tmp_path / "node").write_text(f"#!/bin/sh\necho {version}\n")
    (tmp_path / "node").chmod(0o755)
    monkeypatch.setattr(frontend, "building_environment", lambda: {"PATH": str(tmp_path)})
    with pytest.raises(OperatorError, match="too old") as caught:
        frontend._require_node()
    assert "make setup" in caught.value.remedy


def test_a_missing_node_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontend, "building_environment", lambda: {"PATH": str(tmp_path)})
    with pytest.raises(OperatorError, match="missing"):
        frontend._require_node()


def test_our_own_node_is_new_enough() -> None:
    frontend._require_node()


def test_the_built_page_talks_to_the_address_it_came_from() -> None:
    template = Path(reflex_base.__file__).parent / ".templates" / "web" / STATE_MODULE
    source = template.read_text()
    changed = use_own_origin(source)
    assert changed.count("endpoint.port = window.location.port;") == 1
    assert use_own_origin(changed) == changed
    with pytest.raises(ValueError, match="looks different"):
        use_own_origin("export const getBackendURL = () => null;")


def test_all_icons_become_one_file() -> None:
    source = vite_config_template(
        base="/", hmr=False, force_full_reload=False, experimental_hmr=False, sourcemap=False
    )
    changed = keep_icons_together(source)
    assert changed.count('name: "icons"') == 1
    assert keep_icons_together(changed) == changed
    with pytest.raises(ValueError, match="looks different"):
        keep_icons_together("export default {};")
