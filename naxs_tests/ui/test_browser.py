"""What a person does in the Dagster UI, done by clicking in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from naxs_assets.market.quality.registry import RULES
from naxs_tests.ui.conftest import PATIENCE, looking

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ui")]

WORK = 180_000  # milliseconds that a run or a backfill may take on a busy machine
NO_TROUBLE = re.compile("error|failed|could not", re.IGNORECASE)

expect.set_options(timeout=PATIENCE)


def go_to(page: Page, place: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name=place).click()


def open_catalogue(page: Page) -> None:
    go_to(page, "Catalog")
    expect(page.get_by_role("link", name="market / calendar").first).to_be_visible()


def click_in_catalogue(page: Page, link: Locator) -> None:
    """Scroll to a link and click it: the catalogue draws only the lines in sight."""
    page.mouse.move(640, 500)
    for _ in range(20):
        if link.count():
            break
        page.mouse.wheel(0, 400)
        page.wait_for_timeout(200)
    link.first.click()


def open_asset(page: Page, name: str) -> None:
    open_catalogue(page)
    click_in_catalogue(page, page.get_by_role("link", name=name))


def launch(page: Page, button: str, months: str) -> None:
    """Ask for months in the launch dialog, and follow the notice of what was launched."""
    page.get_by_role("button", name=button).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill(months)
    dialog.get_by_role("textbox").press("Enter")
    dialog.get_by_role("button", name="Launch").click()
    notices = page.get_by_role("region", name="Notifications")
    follow = notices.get_by_role("button", name="View").or_(
        notices.get_by_role("link", name="View")
    )
    expect(follow).to_be_visible()
    expect(notices).not_to_contain_text(NO_TROUBLE)
    follow.click()


def row(page: Page, key: str) -> Locator:
    """The row of the metadata table with that key."""
    cell = page.get_by_role("cell", name=key, exact=True)
    return page.get_by_role("row").filter(has=cell)


@pytest.fixture(scope="module")
def backfilled(browser: Browser, address: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Three months of the whole strategy, backfilled from its job's page; the backfill's page."""
    with looking(browser, address, tmp_path_factory.mktemp("backfill")) as page:
        go_to(page, "Jobs")
        page.get_by_role("link").get_by_text("tiny", exact=True).click()
        launch(page, "Materialize all", "[2021-07...2021-09]")
        expect(page.get_by_text("100% completed")).to_be_visible(timeout=WORK)
        expect(page.get_by_text("Succeeded", exact=True).first).to_be_visible(timeout=WORK)
        return page.url


def test_the_graph_of_a_strategy_shows_its_assets(page: Page) -> None:
    go_to(page, "Deployment")
    expect(page.get_by_text("1 code location", exact=True)).to_be_visible()
    expect(page.get_by_text("Loaded", exact=True)).to_be_visible()
    open_catalogue(page)
    click_in_catalogue(page, page.get_by_role("link").get_by_text("tiny", exact=True))
    for asset in ("dataset", "model", "predictions", "evaluation", "backtest", "report"):
        expect(page.get_by_text(asset, exact=True).first).to_be_visible()


def test_a_backfill_of_three_months_makes_the_whole_strategy(page: Page, backfilled: str) -> None:
    page.goto(backfilled)
    expect(page.get_by_text("100% completed")).to_be_visible()
    open_asset(page, "tiny / backtest")
    page.get_by_role("tab", name="Partitions").click()
    expect(page.get_by_text("Materialized (3)")).to_be_visible()
    open_asset(page, "tiny / report")
    expect(row(page, "naxs/made_from")).to_contain_text("tiny/backtest 2021-07 – 2021-09")


def test_a_month_is_made_by_clicking(page: Page, backfilled: str) -> None:
    open_asset(page, "market / prices")
    launch(page, "Materialize", "2021-10")
    expect(page.get_by_text("RUN_SUCCESS")).to_be_visible(timeout=WORK)
    open_asset(page, "market / prices")
    page.get_by_role("tab", name="Partitions").click()
    expect(page.get_by_text("Materialized (4)")).to_be_visible()
    page.get_by_text("2021-10", exact=True).first.click()
    expect(row(page, "naxs/made_from")).to_contain_text("market/prices 2021-09")


def test_the_page_of_the_prices_shows_rows_plot_and_checks(page: Page, backfilled: str) -> None:
    open_asset(page, "market / prices")
    expect(page.get_by_text("traded volume (shares)")).to_be_visible()
    expect(row(page, "dagster/partition_row_count")).to_have_text(re.compile(r"[1-9]\d*$"))
    plot = row(page, "plot").get_by_role("img", name="sparkline")
    plot.scroll_into_view_if_needed()
    expect(plot).to_be_visible()
    assert plot.evaluate("image => image.naturalWidth") == 160
    page.get_by_role("tab", name="Checks").click()
    for rule in RULES.values():
        expect(page.get_by_text(rule.check, exact=True).first).to_be_visible()
    page.get_by_text("no_volume_means_suspended", exact=True).first.click()
    expect(page.get_by_text(RULES["zero"].text_zh)).to_be_visible()
    expect(page.get_by_text("Passed", exact=True)).to_be_visible()
