"""The files of a quality report: the page, the same facts as JSON, and every broken row."""

from __future__ import annotations

import io
import json
from pathlib import Path

from naxs_assets.lineage.staging import write_whole
from naxs_assets.pages.frame import MarketLabel
from naxs_assets.reports.quality_gather import Gathered
from naxs_assets.reports.quality_page import render_quality_report

PAGE, FACTS, ROWS = "report.html", "report.json", "failures.parquet"


def folder_of(home: Path, day: str) -> Path:
    """Where the report of a day lies."""
    return home / "reports" / "dq" / day


def write_report(gathered: Gathered, market: MarketLabel, home: Path) -> Path:
    """Write the three files of a report; returns the page.

    Raises ``OSError`` when they cannot be written; each is the old one or the new one.
    """
    report = gathered.report
    folder = folder_of(home, report.day.isoformat())
    folder.mkdir(parents=True, exist_ok=True)
    rows = io.BytesIO()
    gathered.failures.write_parquet(rows)
    facts = json.dumps(report.document(), ensure_ascii=False, indent=1, sort_keys=True)
    write_whole(folder / ROWS, rows.getvalue())
    write_whole(folder / FACTS, facts)
    write_whole(folder / PAGE, render_quality_report(report, market, ROWS))
    return folder / PAGE
