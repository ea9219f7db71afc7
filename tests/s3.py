"""A server that speaks S3, as a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BUCKET = "lab"


@contextmanager
def s3_server(log: Path) -> Iterator[dict[str, str]]:
    """Run the server with an empty bucket; yield the environment in which programs find it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with log.open("w") as stream:
        server = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=stream, stderr=stream
        )
    try:
        _create_bucket(environment, server, log)
        yield environment
    finally:
        server.terminate()
        server.wait()


def client() -> Any:
    """Return a client of the server that the environment names."""
    import boto3

    return boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])


def _create_bucket(environment: dict[str, str], server: subprocess.Popen[bytes], log: Path) -> None:
    from botocore.exceptions import EndpointConnectionError

    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        for _ in range(120):
            assert server.poll() is None, log.read_text()
            try:
                client().create_bucket(Bucket=BUCKET)
                return
            except EndpointConnectionError:
                time.sleep(0.5)
    raise AssertionError(log.read_text())
