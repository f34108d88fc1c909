"""Every house rule holds in the project, and every rule can fail."""

import textwrap

import pytest

from tests.architecture.rules import RULES
from tests.architecture.source import Source, check, sources, suppressions

# for each rule: a file that breaks it, and one that is near but fine
SAMPLES: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "commit": (
        ("crm_app/domains/pipeline/service.py", "async def f(session):\n    await session.commit()\n"),
        ("crm_app/core/database.py", "async def f(session):\n    await session.commit()\n"),
    ),
    "transaction": (
        ("crm_app/domains/inbox/services/sending.py", "from crm_app.core.database import unit_of_work\n"),
        ("crm_app/domains/inbox/subscribers.py", "from crm_app.core.database import unit_of_work\n"),
    ),
    "environment": (
        ("jobs/worker.py", "import os\nport = os.environ['PORT']\n"),
        ("crm_app/config.py", "import os\nport = os.environ['PORT']\n"),
    ),
    "services-only": (
        ("crm_app/pages/board/state.py", "from crm_app.domains.pipeline.models import Deal\n"),
        ("crm_app/pages/board/state.py", "from sqlalchemy.ext.asyncio import AsyncSession\n"),
    ),
    "headless": (
        ("crm_app/domains/inbox/service.py", "def f():\n    from fastapi import Request\n"),
        ("crm_app/api/deps.py", "from fastapi import Request\n"),
    ),
    "provider": (
        ("crm_app/domains/channels/providers/waha/client.py", "from crm_app.core.database import unit_of_work\n"),
        ("crm_app/domains/channels/service.py", "from crm_app.core.database import unit_of_work\n"),
    ),
    "page": (
        ("crm_app/pages/board/page.py", "from crm_app.pages.contacts.state import ContactsState\n"),
        ("crm_app/pages/board/page.py", "from crm_app.pages.session.state import Session\n"),
    ),
    "function-size": (
        ("crm_app/core/text.py", "def f():\n" + "    x = 1\n" * 60),
        (
            "crm_app/core/text.py",
            'def f():\n    """Words.\n' + "    more\n" * 30 + '    """\n' + "    x = 1\n" * 59,
        ),
    ),
    "file-size": (
        ("crm_app/core/text.py", "x = 1\n" * 401),
        ("crm_app/core/text.py", "x = 1\n" * 400),
    ),
    "name": (("crm_app/core/utils.py", ""), ("crm_app/core/text.py", "")),
    "docstring": (
        ("jobs/inbox.py", '"""Jobs."""\n\ndef send():\n    pass\n'),
        ("jobs/inbox.py", '"""Jobs."""\n\ndef _send():\n    pass\n\nclass A:\n    """It."""\n'),
    ),
    "unfinished": (
        ("crm_app/core/text.py", "x = 1  # " + "TO" + "DO: more\n"),
        ("crm_app/core/text.py", "x = 'todo'  # a status of the queue\n"),
    ),
    "sleep": (
        ("tests/inbox/test_x.py", "import time\ndef test_x():\n    time.sleep(1)\n"),
        ("tests/inbox/test_x.py", "async def poll():\n    while True:\n        await asyncio.sleep(0.1)\n"),
    ),
    "permission": (
        ("crm_app/pages/board/state.py", "class S(rx.State):\n    @rx.event\n    async def move(self): ...\n"),
        ("crm_app/pages/board/state.py", "class S(rx.State):\n    @handler('x')\n    async def move(self): ...\n"),
    ),
    "public-method": (
        ("crm_app/pages/board/state.py", "class S(rx.State):\n    async def move(self): ...\n"),
        ("crm_app/pages/board/state.py", "class S(rx.State):\n    async def _move(self): ...\n"),
    ),
    "words": (
        ("crm_app/pages/board/page.py", "def f():\n    return rx.el.button('Salvar')\n"),
        ("crm_app/pages/board/page.py", "def f():\n    return rx.el.button(t('x.y'), '+ 1', class_name='btn')\n"),
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_the_house_keeps_the_rule(name: str) -> None:
    found = [str(finding) for source in sources() for finding in check(name, RULES[name], source)]
    assert not found, "\n".join(found)


def test_every_rule_has_its_samples() -> None:
    assert set(SAMPLES) == set(RULES)


@pytest.mark.parametrize("name", RULES)
def test_the_rule_can_fail(name: str) -> None:
    (broken_path, broken), (fine_path, fine) = SAMPLES[name]
    assert check(name, RULES[name], Source(broken_path, broken))
    assert not check(name, RULES[name], Source(fine_path, fine))


@pytest.mark.parametrize(
    ("comment", "quiet"),
    [
        ("# lint-skip: commit (the tool repairs a database)", True),
        ("# lint-skip: commit ()", False),
        ("# lint-skip: commit", False),
        ("# lint-skip: sleep (another rule)", False),
    ],
)
def test_only_a_named_rule_with_a_reason_is_suppressed(comment: str, quiet: bool) -> None:
    text = f"async def f(session):\n    {comment}\n    await session.commit()\n"
    assert (not check("commit", RULES["commit"], Source("crm_app/cli/repair.py", text))) is quiet


def test_every_suppression_names_a_rule_and_a_reason_and_is_needed() -> None:
    useless = []
    for source in sources():
        if source.path == "tests/architecture/test_house_rules.py":
            continue  # its samples are texts
        for one in suppressions(source):
            lines = {line for line, _ in RULES[one.rule](source)} if one.rule in RULES else set()
            if not one.reason or not {one.line, one.line + 1} & lines:
                useless.append(f"{one.path}:{one.line}: {one.rule} ({one.reason})")
    assert not useless, "\n".join(useless)


def test_every_ignored_finding_of_a_tool_is_named() -> None:
    bare = []
    for source in sources():
        for number, line in enumerate(source.lines, start=1):
            code = line.partition("#")[2] if "'" not in line and '"' not in line else ""
            words = textwrap.dedent(code).strip()
            if words.startswith(("noqa", "type: ignore")) and not words.startswith(("noqa: ", "type: ignore[")):
                bare.append(f"{source.path}:{number}: {line.strip()}")
    assert not bare, "\n".join(bare)
