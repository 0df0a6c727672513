"""The files of a factor report: the page, and the numbers as JSON and Parquet beside it."""

from __future__ import annotations

import io
import json
from pathlib import Path

from naxs_assets.factors.report import FactorReport
from naxs_assets.factors.report_page import Subject, render_factor_report
from naxs_assets.lineage.staging import write_whole

PAGE, FACTS = "report.html", "report.json"


def write_factor_report(report: FactorReport, subject: Subject, home: Path) -> Path:
    """Write reports/factors/SET in ``home``; returns the page.

    ``report.json`` has the figures of every factor, by year, by lag and by industry;
    ``factors.parquet`` and ``daily.parquet`` are those of every factor and of every day of it.
    """
    folder = home / "reports" / "factors" / subject.name
    folder.mkdir(parents=True, exist_ok=True)
    tables = ("factors", "decay", "yearly", "industry")
    facts = {
        "set": subject.name,
        "universe": subject.universe,
        "label": subject.label,
        "days": subject.days,
        "industry_look_ahead": report.look_ahead,
        **{name: getattr(report, name).to_dicts() for name in tables},
    }
    for name in ("factors", "daily"):
        content = io.BytesIO()
        getattr(report, name).write_parquet(content)
        write_whole(folder / f"{name}.parquet", content.getvalue())
    write_whole(folder / FACTS, json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True))
    write_whole(folder / PAGE, render_factor_report(report, subject))
    return folder / PAGE
