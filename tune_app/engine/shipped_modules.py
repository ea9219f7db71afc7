"""Imports a user's modules on a machine that does not have their files."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType


class ShippedModules(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds modules in sources that came with the driver's code, if no folder has them.

    Args:
        sources: file name relative to the user's folder -> content.
    """

    def __init__(self, sources: Mapping[str, bytes]) -> None:
        self._sources = sources

    def install(self) -> None:
        """Let imports of this process look here last."""
        others = [finder for finder in sys.meta_path if not isinstance(finder, ShippedModules)]
        sys.meta_path[:] = [*others, self]

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of a module that was sent, or None."""
        file = self._file_of(fullname)
        if file is None:
            return None
        return importlib.util.spec_from_loader(fullname, self, origin=file)

    def get_source(self, fullname: str) -> str:
        """Return a module's source."""
        file = self._file_of(fullname)
        if file is None:
            raise ImportError(f"no source of {fullname}")
        return importlib.util.decode_source(self._sources[file])

    def is_package(self, fullname: str) -> bool:
        """Return whether a module is a package."""
        return (self._file_of(fullname) or "").endswith("__init__.py")

    def _file_of(self, fullname: str) -> str | None:
        place = fullname.replace(".", "/")
        names = (f"{place}/__init__.py", f"{place}.py")
        return next((name for name in names if name in self._sources), None)
