"""Ray's files and ports on a machine that others share: modes, addresses, and what is said."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from search_spaces.errors import UserError
from tune_app.engine.private_files import _LONGEST, private_folder, protect_token

CLUSTER = """
import json, os, stat, sys, time
import psutil, ray  # a user's search space imports Ray first, too
from tune_app.engine import connection

os.umask(0o022)
notes = connection.prepare(None)
connection.connect(None)


@ray.remote
def work():
    return os.getsid(0), "".join(open(os.path.expanduser("~/.ray/auth_token")))


session, token = ray.get(work.remote())
processes = psutil.Process().children(recursive=True)
listening = {
    connection.laddr.ip
    for process in [psutil.Process(), *processes]
    for connection in process.net_connections("inet")
    if connection.status == psutil.CONN_LISTEN
}
[folder] = connection._folders
mode = stat.S_IMODE(folder.stat().st_mode)
sockets = [
    str(path) for path in folder.rglob("*") if stat.S_ISSOCK(path.lstat().st_mode)
]
connection.disconnect()
print(json.dumps({
    "notes": notes, "own session": os.getsid(0), "sessions": [session], "token": len(token),
    "listening": sorted(listening), "processes": len(processes), "folder mode": mode,
    "folder": str(folder), "left": folder.exists(), "sockets": sockets,
}))
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_TMPDIR", "TMPDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.xdist_group("ray")
def test_nothing_of_a_cluster_on_this_machine_is_open_to_others(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CLUSTER], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert said["notes"] == [] and said["token"] == 64
    assert mode(home / ".ray" / "auth_token") == 0o600 and mode(home / ".ray") == 0o700
    assert said["folder mode"] == 0o700 and not said["left"]
    assert said["folder"].startswith(tempfile.gettempdir())
    assert len(said["sockets"]) > 1 and said["processes"] > 4
    assert all(path.startswith(said["folder"]) for path in said["sockets"])
    assert said["listening"], "nothing was looked at"
    assert {ip.removeprefix("::ffff:") for ip in said["listening"]} == {"127.0.0.1"}
    assert said["own session"] not in said["sessions"]


def test_the_folder_lies_where_the_user_wants_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp") as base:
        monkeypatch.setenv("RAY_TMPDIR", base)
        folder = private_folder()
        assert folder.parent == Path(base) and mode(folder) == 0o700
        monkeypatch.delenv("RAY_TMPDIR")
        monkeypatch.setattr(tempfile, "tempdir", f"/{'x' * _LONGEST}")
        elsewhere = private_folder()
        assert elsewhere.parent == Path("/tmp")  # noqa: S108
        elsewhere.rmdir()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("a/relative", "needs an absolute path"),
        ("/etc/hostname", "cannot be kept there (Not a directory)"),
        ("/nowhere", "cannot be kept there (No such file or directory)"),
        ("/proc", "cannot be kept there ("),
        ("/tmp/" + "x" * 90, f"has 95 characters; allowed: up to {_LONGEST}"),  # noqa: S108
    ],
)
def test_a_folder_that_ray_cannot_use_is_refused_by_name(
    home: Path, monkeypatch: pytest.MonkeyPatch, value: str, said: str
) -> None:
    monkeypatch.setenv("RAY_TMPDIR", value)
    with pytest.raises(UserError) as caught:
        private_folder()
    assert str(caught.value).startswith(f"RAY_TMPDIR={value}: ") and said in str(caught.value)


def test_a_token_is_made_once_for_this_user_alone(home: Path) -> None:
    before = os.umask(0o000)
    try:
        assert protect_token() == []
    finally:
        os.umask(before)
    path = home / ".ray" / "auth_token"
    token = path.read_text()
    assert len(token) == 64 and mode(path) == 0o600
    assert protect_token() == [] and path.read_text() == token
    assert [file.name for file in path.parent.iterdir()] == ["auth_token"]


def test_a_token_that_others_can_read_is_mended_and_said(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = home / ".ray" / "auth_token"
    path.parent.mkdir()
    path.write_text("secret")
    path.chmod(0o644)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "chmod", refuse)
        [note] = protect_token()
    assert "read by other users (mode 644) and still can" in note
    assert "Operation not permitted" in note
    [note] = protect_token()
    assert str(path) in note and "only you can now" in note
    assert mode(path) == 0o600 and path.read_text() == "secret"


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(1, "Operation not permitted")


def test_a_home_that_keeps_nothing_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/proc")
    with pytest.raises(UserError, match="HOME=/proc: the token of Ray's clusters cannot be kept"):
        protect_token()
    monkeypatch.setenv("RAY_AUTH_TOKEN", "mine")
    assert protect_token() == []
    monkeypatch.delenv("RAY_AUTH_TOKEN")
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(home / "missing"))
    with pytest.raises(UserError, match=r"RAY_AUTH_TOKEN_PATH=.*missing: .*No such file"):
        protect_token()
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    assert protect_token() == []
