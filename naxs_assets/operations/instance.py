"""Dagster's own state (runs, events, logs), kept in the home: NAXS_HOME if set, else the default.

``dagster.yaml`` names these classes, so that the ``dagster`` command works with nothing but
DAGSTER_HOME set.
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.root import LocalArtifactStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage, _event_logs_directory
from dagster._serdes import ConfigurableClassData

from naxs_assets.operations.event_log import BATCH_SIZE, BATCH_SIZE_VARIABLE, BatchingEventLog
from naxs_assets.settings import home_folder


def _folder(name: str) -> dict[str, str]:
    return {"base_dir": str(home_folder() / "dagster" / name)}


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Let one process at a time in; the lock ends with the process that holds it.

    Two that make Dagster's databases at the same moment stamp them twice, and nobody can open them
    afterwards.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".opening").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class HomeStorage(DagsterSqliteStorage):
    """Runs, events and schedules in SQLite files in the home."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        with _alone_in(Path(base_dir)):
            super().__init__(base_dir, inst_data)
            self._event_log_storage = BatchingEventLog(_event_logs_directory(base_dir))
        # Every process that writes events opens this storage first.
        os.environ.setdefault(BATCH_SIZE_VARIABLE, str(BATCH_SIZE))

    @classmethod
    def config_type(cls) -> Any:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "HomeStorage":
        return cls(inst_data=inst_data, **{**config_value, **_folder("storage")})


class HomeArtifacts(LocalArtifactStorage):
    """Dagster's scratch files in the home; results never lie here."""

    @classmethod
    def config_type(cls) -> Any:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "HomeArtifacts":
        return cls(inst_data=inst_data, **{**config_value, **_folder("artifacts")})


class HomeLogs(LocalComputeLogManager):
    """What steps print, in the home."""

    @classmethod
    def config_type(cls) -> Any:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "HomeLogs":
        return cls(inst_data=inst_data, **{**config_value, **_folder("logs")})
