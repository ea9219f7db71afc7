from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.s3 import BUCKET, s3_server
from tune_app.storage.remote_folder import RemoteFolder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with (
        s3_server(tmp_path_factory.mktemp("s3") / "log") as environment,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in environment.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(params=["s3", "file"])
def folder(request: pytest.FixtureRequest, server: None, tmp_path: Path) -> RemoteFolder:
    """Return an empty folder on an S3 server and one at a file URL."""
    if request.param == "file":
        return RemoteFolder((tmp_path / "there").as_uri())
    return RemoteFolder(f"s3://{BUCKET}/{tmp_path.name}")


@pytest.fixture
def there(tmp_path: Path) -> Path:
    return tmp_path / "there"


@pytest.fixture
def remote(there: Path) -> RemoteFolder:
    return RemoteFolder(there.as_uri())
