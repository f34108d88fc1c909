"""The words: complete in both languages, every key that code names exists, and none is left over."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from crm_app.ui.catalogue import LANGUAGES, LOCALES, flatten, read_catalogue
from tests.architecture.source import ROOT, Source, sources

PLURAL = re.compile(r"_(zero|one|other)$")
PLACEHOLDER = re.compile(r"\{\{\s*-?\s*(\w+)")
NAMED_BY = {"t", "notify", "say", "title_key", "key", "label_key", "remedy_key"}
NOT_WORDS = {"json", "js", "jsx", "css", "py", "html"}


def words(language: str) -> dict[str, str]:
    """Return every sentence of a language by its dotted key."""
    return flatten(read_catalogue(language))


def base(key: str) -> str:
    """Return a key without the suffix of its plural form."""
    return PLURAL.sub("", key)


def plurals(flat: dict[str, str]) -> set[str]:
    """Return the keys that are counted: `open_other` is only a plural form when it shows how many."""
    return {base(key) for key, sentence in flat.items() if key.endswith("_other") and "{{count" in sentence}


def sentences(flat: dict[str, str]) -> set[str]:
    """Return the keys as code names them: the plural forms of one count as one."""
    return {base(key) if base(key) in plurals(flat) else key for key in flat}


def missing_plurals(flat: dict[str, str]) -> set[str]:
    """Return counted keys without a form for one."""
    return {key for key in plurals(flat) if f"{key}_one" not in flat}


def placeholders(flat: dict[str, str]) -> dict[str, set[str]]:
    """Return the placeholders of each key; plural forms count together."""
    found: dict[str, set[str]] = {}
    for key, sentence in flat.items():
        found.setdefault(base(key), set()).update(PLACEHOLDER.findall(sentence))
    return found


def keys_in_python(source: Source) -> Iterator[tuple[int, str]]:
    """Yield `(line, key)` of every sentence that a Python file names: `t("…")`, error keys, title keys."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            named = [keyword.value for keyword in node.keywords if keyword.arg in NAMED_BY]
            if node.args and (name in NAMED_BY or _text(node.args[0]).startswith("errors.")):
                named.append(node.args[0])
            yield from ((one.lineno, _text(one)) for one in named)
        elif isinstance(node, ast.Assign) and any(getattr(one, "id", "") == "key" for one in node.targets):
            yield node.lineno, _text(node.value)


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def keys_in_javascript(text: str) -> set[str]:
    """Return the keys of `t("…")` in a module of ours."""
    return set(re.findall(r"""\bt\(\s*["'`]([\w.]+)["'`]""", text))


@cache
def scripts() -> dict[str, str]:
    """Return our own JavaScript by path."""
    found = [*(ROOT / "crm_app").rglob("*.js"), *(ROOT / "crm_app").rglob("*.jsx")]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in found}


def exists(key: str, flat: dict[str, str]) -> bool:
    """Tell whether a key, or its plural forms, are in the catalogue."""
    return key in flat or f"{key}_other" in flat


def test_both_languages_have_the_same_files() -> None:
    files = [{path.name for path in (LOCALES / language).glob("*.json")} for language in LANGUAGES]
    assert files[0] == files[1]
    assert {path.name for path in LOCALES.iterdir() if path.is_dir()} == set(LANGUAGES)


def test_both_languages_have_the_same_keys() -> None:
    ours, theirs = (set(words(language)) for language in LANGUAGES)
    assert ours == theirs


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_have_both_forms(language: str) -> None:
    assert not missing_plurals(words(language))


def test_placeholders_are_the_same_in_both_languages() -> None:
    ours, theirs = (placeholders(words(language)) for language in LANGUAGES)
    assert {key: (ours[key], theirs[key]) for key in ours if ours[key] != theirs.get(key)} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_clean(language: str) -> None:
    odd = {
        key: sentence
        for key, sentence in words(language).items()
        if not sentence.strip() or sentence != sentence.strip() or re.search(r"<\w|&\w+;|\.\.\.", sentence)
    }
    assert not odd


@pytest.mark.parametrize(
    "path", sorted(LOCALES.glob("*/*.json")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_no_key_stands_twice_in_a_file(path: Path) -> None:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names)), names
        return dict(pairs)

    json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)


def test_every_key_that_python_names_exists() -> None:
    flat = words("pt-BR")
    spaces = {key.split(".")[0] for key in flat}
    lost = [
        f"{source.path}:{line}: {key}"
        for source in sources()
        if source.inside("crm_app", "jobs")
        for line, key in keys_in_python(source)
        if re.fullmatch(r"[a-z_]+(\.\w+)+", key) and key.split(".")[-1] not in NOT_WORDS
        if (key.split(".")[0] in spaces or key.startswith("errors.")) and not exists(key, flat)
    ]
    assert not lost, "\n".join(lost)


def test_every_key_that_javascript_names_exists() -> None:
    flat = words("pt-BR")
    lost = {path: missing for path, text in scripts().items() if (missing := _unknown(text, flat))}
    assert not lost


def _unknown(text: str, flat: dict[str, str]) -> set[str]:
    return {key for key in keys_in_javascript(text) if not exists(key, flat)}


def test_no_sentence_is_left_over() -> None:
    everything = "\n".join([source.text for source in sources() if source.inside("crm_app", "jobs")])
    everything += "\n".join(scripts().values())
    named = set(re.findall(r"""["'`]([a-z_]+(?:\.\w+)+)["'`]""", everything))
    prefixes = tuple(set(re.findall(r"""["'`]([a-z_]+(?:\.\w+)*\.?\w*)(?:\{|\$\{|["'`]\s*\+)""", everything)))
    left = {
        key
        for key in sentences(words("pt-BR"))
        if key not in named and not any("." in prefix and key.startswith(prefix) for prefix in prefixes)
    }
    assert not left, "\n".join(sorted(left))


def test_the_checks_can_fail() -> None:
    assert missing_plurals({"a.b_other": "{{count}}", "a.open_other": "x"}) == {"a.b"}
    counted = {"a.b_one": "", "a.b_other": "{{count, number}}", "a.open_other": "x"}
    assert sentences(counted) == {"a.b", "a.open_other"}
    assert placeholders({"a.b_one": "x", "a.b_other": "{{count}} x"}) == {"a.b": {"count"}}
    sample = 'def f():\n    t("inbox.no.such")\n    raise Invalid("errors.no.such", title_key="x.y")\n'
    assert [key for _, key in keys_in_python(Source("x.py", sample))] == ["inbox.no.such", "x.y", "errors.no.such"]
    assert keys_in_javascript("t('a.b') + tt(\"c.d\") + t(`e.f`)") == {"a.b", "e.f"}
