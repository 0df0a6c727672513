"""Starting Qlib on a bundle, with nothing cached on disk."""

from __future__ import annotations

from pathlib import Path


def start_qlib(folder: Path, processes: int = 1) -> None:
    """Point Qlib at the bundle of an input's folder."""
    import qlib

    qlib.init(
        provider_uri=str(folder / "bundle"),
        region="cn",
        kernels=processes,
        expression_cache=None,
        dataset_cache=None,
        default_disk_cache=0,
        logging_level="ERROR",
    )
