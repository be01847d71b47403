"""Files that share keys with the template, in every format and layout that tools read."""

from __future__ import annotations

from .conftest import SMALL, Machine

FILES = {
    ".gitlab-ci.yml": "# ci\njob:\n  script: !reference [.a, script]\n",
    "config.YAML": "on: {a: 1}\nkey: 1\n",
    "app.webmanifest": '{"name": "a", "key": 1}\n',
    "tsconfig.json": '{\n  // strict\n  "key": 1, // theirs\n}\n',
    "x.jsonc": '{"key": 1,}\n',
}
KEYS = {path: "job.script" if path == ".gitlab-ci.yml" else "key" for path in FILES}
OWNERSHIP = "files:\n" + "".join(f"  {path}: {{keyed: [{key}]}}\n" for path, key in KEYS.items())
#: What somebody made of them: values of the template's, and words of their own.
EDITED = {
    ".gitlab-ci.yml": "# ci\njob:\n  # mine\n  script: !reference [.b, script]  # why\n  only: !mine [x]\n",
    "config.YAML": "on: {a: 2}\r\nkey: 2  # why\r\n",
    "app.webmanifest": '{"key": "1", "name": "mine"}',
    "tsconfig.json": '{\n  // mine\n  "key": 2, // why\n  "mine": [1, 2,],\n}\n',
    "x.jsonc": '{"mine": 1}\n',
}
MENDED = {
    ".gitlab-ci.yml": "# ci\njob:\n  # mine\n  script: !reference [.a, script]  # why\n  only: !mine [x]\n",
    "config.YAML": "on: {a: 2}\r\nkey: 1  # why\r\n",
    "app.webmanifest": '{"key": 1, "name": "mine"}',
    "tsconfig.json": '{\n  // mine\n  "key": 1, // why\n  "mine": [1, 2,],\n}\n',
    "x.jsonc": '{"mine": 1, "key": 1}\n',
}


def test_keys_of_every_format_are_checked_and_mended(machine: Machine) -> None:
    template = machine.template(
        {**SMALL, "ownership.yml": OWNERSHIP, **{f"template/{path}": text for path, text in FILES.items()}}
    )
    assert machine.run("new", "demo", "--template", template, "--defaults").code == 0
    project = machine.work / "demo"
    assert machine.run("check", project).code == 0

    for path, text in EDITED.items():
        (project / path).write_bytes(text.encode())
    done = machine.run("check", project)
    assert done.code == 1
    assert all(path in done.out for path in FILES)

    machine.git("add", "-A", cwd=project)
    machine.git("commit", "-qm", "Edits", cwd=project)
    assert machine.run("check", project, "--fix").code == 0
    assert {path: (project / path).read_bytes().decode() for path in FILES} == MENDED


def test_a_keyed_file_that_the_template_breaks_is_the_template_s_fault(machine: Machine) -> None:
    ownership = "files:\n  a.toml: {keyed: [x]}\n"
    template = machine.template({**SMALL, "ownership.yml": ownership, "template/a.toml": "x = [\n"})
    done = machine.run("new", "demo", "--template", template, "--defaults")
    assert done.code == 2
    assert "cannot share keys: a.toml does not parse" in done.err
    assert "maintainers" in done.err
