"""Keep Ray's folder and its token private on a machine that several users share.

Ray creates folders that everyone may write to, and a token that everyone may read. Either lets
another user run code as this user.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import tempfile
from pathlib import Path

from search_spaces.errors import UserError

_PREFIX = "tune-"
_BELOW = f"/{_PREFIX}12345678/r/session_2026-01-01_12-00-00_123456_1234567/sockets/dash_MetricsHead"
_LONGEST = 107 - len(_BELOW)
"""The longest path of the parent folder: a socket's path may have 107 bytes."""


def private_folder() -> Path:
    """Create a folder for Ray that only this user can enter.

    It lies in ``RAY_TMPDIR`` if that is set, otherwise in the folder for temporary files.

    Raises:
        UserError: the folder that ``RAY_TMPDIR`` names cannot be used.
    """
    chosen = os.environ.get("RAY_TMPDIR")
    base = chosen or tempfile.gettempdir()
    if not chosen and _length(base) > _LONGEST:
        base = "/tmp"  # noqa: S108 (the folder in it is private)
    where = f"RAY_TMPDIR={base}" if chosen else base
    if not Path(base).is_absolute():
        raise UserError(f"{where}: Ray needs an absolute path for its files")
    if _length(base) > _LONGEST:
        raise UserError(
            f"{where}: has {_length(base)} characters; allowed: up to {_LONGEST}, because Ray "
            "creates sockets there, and the length of their paths is limited"
        )
    try:
        return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
    except OSError as error:
        raise UserError(
            f"{where}: Ray's files cannot be kept there ({error.strerror}); set RAY_TMPDIR to a "
            "folder that you may write"
        ) from None


def _length(path: str) -> int:
    return len(os.fsencode(path))


def protect_token() -> list[str]:
    """Let only this user read the token of Ray's clusters; create one if there is none.

    Returns:
        Notes for the user.

    Raises:
        UserError: the token cannot be read, or not be created.
    """
    if os.environ.get("RAY_AUTH_MODE", "token").lower() != "token":
        return []
    if os.environ.get("RAY_AUTH_TOKEN"):
        return []
    named = os.environ.get("RAY_AUTH_TOKEN_PATH")
    try:
        path = Path(named) if named else Path.home() / ".ray" / "auth_token"
        if not named and not path.exists():
            _make_token(path)
        mode = stat.S_IMODE(path.stat().st_mode)
    except (OSError, RuntimeError) as error:
        variable = "RAY_AUTH_TOKEN_PATH" if named else "HOME"
        reason = getattr(error, "strerror", None) or error
        raise UserError(
            f"{variable}={os.environ.get(variable, '')}: the token of Ray's clusters cannot be "
            f"kept there ({reason}); set {variable} to another place, or the token itself in "
            "RAY_AUTH_TOKEN"
        ) from None
    return [_restrict(path, mode)] if mode & 0o077 else []


def _make_token(path: Path) -> None:
    """Write a token as Ray does, with mode 600. Keep one that another launch has just written."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(name)
    finally:
        Path(name).unlink()


def _restrict(path: Path, mode: int) -> str:
    """Let only this user read the token; return a note about that."""
    finding = (
        f"{path}, the token of your Ray clusters, could be read by other users (mode {mode:o})"
    )
    try:
        path.chmod(0o600)
    except OSError as error:
        return f"{finding} and still can: its mode cannot be changed ({error.strerror})"
    return f"{finding}; only you can now. Delete it before the next study to get another"
