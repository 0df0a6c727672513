"""What a version was made from, in one line."""

from naxs_assets.lineage.reads_summary import reads_summary
from naxs_assets.lineage.records import Read, ReadKind


def read(asset: str, month: str = "", kind: ReadKind = ReadKind.VERSION) -> Read:
    return Read(kind, asset, month, 1, "hash")


def test_months_that_follow_each_other_are_drawn_together() -> None:
    months = ["2021-03", "2021-01", "2020-12", "2021-02", "2021-05"]
    said = reads_summary(read("market/prices", month) for month in months)
    assert said == "market/prices 2020-12 – 2021-03, 2021-05"


def test_each_asset_is_named_once_in_the_order_in_which_it_was_read() -> None:
    reads = [
        read("market/prices", "2021-01"),
        read("market/calendar"),
        read("market/prices", "2021-02"),
        read("market/prices", "2021-02", ReadKind.FACT),
        read("synthetic:bars", "2021-02", ReadKind.EXTERNAL),
    ]
    assert reads_summary(reads) == (
        "market/prices 2021-01 – 2021-02; market/calendar; synthetic:bars 2021-02"
    )


def test_what_was_looked_for_and_not_there_is_said() -> None:
    reads = [read("small/balance", "2021-01", ReadKind.ABSENT), read("market/bars", "2021-02")]
    assert reads_summary(reads) == "no small/balance 2021-01; market/bars 2021-02"


def test_nothing_read_is_nothing_said() -> None:
    assert reads_summary([]) == ""
