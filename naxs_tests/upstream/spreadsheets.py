"""Spreadsheet files, as exchanges and index providers publish their lists."""

from __future__ import annotations

from io import BytesIO

from openpyxl import Workbook

from naxs_tests.upstream.replies import Row


def spreadsheet(columns: list[str], rows: list[Row]) -> bytes:
    """An xlsx file of one sheet: a header, then the rows' cells in its order."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("sheet")
    sheet.append(columns)
    for row in rows:
        sheet.append([row.get(column) for column in columns])
    file = BytesIO()
    book.save(file)
    return file.getvalue()
