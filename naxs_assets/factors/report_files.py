"""The files of a factor report: the page, and the numbers as JSON and Parquet beside it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from naxs_assets.factors.report import FactorReport
from naxs_assets.factors.report_page import Subject, render_factor_report
from naxs_assets.lineage.staging import write_whole

PAGE, FACTS = "report.html", "report.json"


def report_facts(report: FactorReport, subject: Subject) -> dict[str, Any]:
    """What ``report.json`` holds: the figures of every factor, by year, lag and industry; what is
    unknown is None."""
    tables = ("factors", "decay", "yearly", "industry")
    return {
        "set": subject.name,
        "universe": subject.universe,
        "label": subject.label,
        "days": subject.days,
        "industry_look_ahead": report.look_ahead,
        **{name: getattr(report, name).to_dicts() for name in tables},
    }


def write_factor_report(report: FactorReport, subject: Subject, home: Path) -> Path:
    """Write reports/factors/SET in ``home``; returns the page.

    ``report.json`` has :func:`report_facts`; ``factors.parquet`` and ``daily.parquet`` are the
    figures of every factor and of every day of it.
    """
    folder = home / "reports" / "factors" / subject.name
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("factors", "daily"):
        content = io.BytesIO()
        getattr(report, name).write_parquet(content)
        write_whole(folder / f"{name}.parquet", content.getvalue())
    facts = json.dumps(report_facts(report, subject), ensure_ascii=False, indent=1, sort_keys=True)
    write_whole(folder / FACTS, facts)
    write_whole(folder / PAGE, render_factor_report(report, subject))
    return folder / PAGE
