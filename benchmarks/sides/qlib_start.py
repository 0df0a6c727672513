"""Starting Qlib on a bundle: one process, nothing cached on disk."""

from __future__ import annotations

from pathlib import Path


def start_qlib(folder: Path) -> None:
    """Point Qlib at the bundle of an input's folder."""
    import qlib

    qlib.init(
        provider_uri=str(folder / "bundle"),
        region="cn",
        kernels=1,
        expression_cache=None,
        dataset_cache=None,
        default_disk_cache=0,
        logging_level="ERROR",
    )
