"""Check that all nodes of a cluster run the same code.

All numbers of a study should come from the same versions. Besides, an object that one version of
Python, NumPy or torch has pickled may not be readable in another.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import search_spaces
import tune_app
from search_spaces.errors import UserError

PACKAGES = ("ray", "torch", "torchvision", "numpy", "scikit-learn")
"""Packages whose versions must be the same on all nodes. scikit-learn-intelex may be missing, as it
has no build for some machines; each row records its solver."""
CODE = "tune_app"

Versions = Mapping[str, str | None]
"""``python`` (major and minor version) and each of :data:`PACKAGES` -> its version, or None if it
is not installed; :data:`CODE` -> digest of this package's code."""


def describe_versions() -> dict[str, str | None]:
    """Return the versions of this process, without torch's suffix for a device (``+cpu``)."""
    found: dict[str, str | None] = {"python": f"{sys.version_info[0]}.{sys.version_info[1]}"}
    for package in PACKAGES:
        try:
            found[package] = version(package).partition("+")[0]
        except PackageNotFoundError:
            found[package] = None
    return {**found, CODE: code_digest()}


def code_digest() -> str:
    """Return the first 12 hex digits of the SHA-256 of this package's and the spaces' modules."""
    digest = hashlib.sha256()
    for module in (tune_app, search_spaces):
        folder = Path(module.__path__[0])
        for path in sorted(folder.rglob("*.py")):
            content = path.read_bytes()
            digest.update(f"{module.__name__}/{path.relative_to(folder)} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()[:12]


def versions_task() -> Callable[[str], Versions]:
    """Return a function that describes a node, also one that lacks this package."""

    def task(_node_id: str) -> Versions:
        try:
            from tune_app.engine.cluster.versions import describe_versions
        except ImportError:
            return {"tune_app": None}
        return describe_versions()

    return task


def check_versions(found: Mapping[str, Versions]) -> None:
    """Compare the versions of the nodes with those of this process.

    Args:
        found: node -> its versions.

    Raises:
        UserError: a version differs. The message names the node, the package and both versions.
    """
    own = describe_versions()
    for node, versions in found.items():
        for package, wanted in (own if len(versions) > 1 else {CODE: own[CODE]}).items():
            has = versions.get(package)
            if has == wanted:
                continue
            if package == CODE:
                other = f"other code of {package} ({has})"
                what = other if has else f"no {package} of this version"
                fix = "remove the copy that is installed there, or install this one"
            else:
                what = f"{package} {has}" if has else f"no {package}"
                fix = f"install {package} {wanted} on every node" if wanted else "install it here"
            raise UserError(f"node {node} has {what}, the driver has {wanted}; {fix}")
