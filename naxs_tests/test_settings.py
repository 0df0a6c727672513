"""Settings: layers, refusals that name their key, and the one clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from naxs_assets.errors import EXIT_USAGE, ConfigurationError
from naxs_assets.settings import SETTINGS_FILE, Settings, home_folder, load_settings

FILES = "market: {source: files, files: {mapping: a.yaml, data: /data, first: %s, last: %s}}"


def load(home: Path, text: str = "", **environment: str) -> Settings:
    """The settings of a home with this file and environment."""
    if text:
        (home / SETTINGS_FILE).write_text(text, encoding="utf-8")
    return load_settings(home, environment)


def refusal(home: Path, text: str = "", **environment: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        load(home, text, **environment)
    assert caught.value.exit_code == EXIT_USAGE
    assert caught.value.remedy
    return caught.value


# --- Layers --------------------------------------------------------------------------------------


def test_defaults_need_neither_file_nor_environment(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.home == tmp_path
    assert settings.store_url == str(tmp_path / "store")
    assert settings.ledger_url == f"sqlite:///{tmp_path / 'ledger.db'}"
    assert (settings.market.source, settings.market.synthetic.seed) == ("synthetic", 7)
    assert settings.now is None
    assert settings.actor


def test_the_file_overrides_defaults_and_the_environment_overrides_the_file(
    tmp_path: Path,
) -> None:
    text = "actor: 张三\nthreads: 4\nmarket:\n  synthetic: {seed: 11, names: 50}\n"
    settings = load(tmp_path, text, NAXS_THREADS="8", NAXS_MARKET__SYNTHETIC__SEED="3", PATH="/bin")
    assert (settings.actor, settings.threads) == ("张三", 8)
    assert settings.market.synthetic.seed == 3
    assert settings.market.synthetic.names == 50


def test_a_whole_section_can_come_from_the_environment(tmp_path: Path) -> None:
    settings = load(tmp_path, NAXS_MARKET="{synthetic: {seed: 5}}")
    assert settings.market.synthetic.seed == 5


def test_store_and_ledger_may_lie_elsewhere(tmp_path: Path) -> None:
    settings = load(tmp_path, NAXS_STORE="s3://bucket/naxs", NAXS_LEDGER="postgresql://db/naxs")
    assert settings.store_url == "s3://bucket/naxs"
    assert settings.ledger_url == "postgresql://db/naxs"


def test_an_empty_file_and_an_empty_variable_mean_the_default(tmp_path: Path) -> None:
    settings = load(tmp_path, "# nothing set\n", NAXS_STORE="")
    assert settings.store_url == str(tmp_path / "store")


def test_the_home_comes_from_the_environment_or_lies_in_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home_folder({"NAXS_HOME": str(tmp_path / "here")}) == tmp_path / "here"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home_folder({}) == home_folder({"NAXS_HOME": ""}) == tmp_path / ".naxs"
    assert load_settings(environment={"NAXS_HOME": str(tmp_path)}).home == tmp_path


def test_settings_cannot_be_changed_afterwards(tmp_path: Path) -> None:
    settings = load(tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        settings.actor = "eve"  # type: ignore[misc]


# --- Refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("colour: red", "colour: no such setting"),
        ("market: {synthetic: {seeds: 3}}", "market.synthetic.seeds: no such setting"),
        ("market: {vendor: x}", "market.vendor: no such setting"),
    ],
)
def test_an_unknown_key_in_the_file_is_refused_with_its_path(
    tmp_path: Path, text: str, path: str
) -> None:
    error = refusal(tmp_path, text)
    assert path in error.what
    assert SETTINGS_FILE in error.where


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("NAXS_COLOUR", "colour: no such setting"),
        ("NAXS_MARKET__SYNTHETIC__SEEDS", "market.synthetic.seeds: no such setting"),
        ("NAXS_MARKET__SYNTHETIC__SEED__DEEPER", "market.synthetic.seed: "),
    ],
)
def test_an_unknown_key_in_the_environment_is_refused_with_its_path(
    tmp_path: Path, name: str, path: str
) -> None:
    assert path in refusal(tmp_path, **{name: "3"}).what


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    error = refusal(tmp_path, "threads: 0\nmarket: {synthetic: {names: 3}}\n", NAXS_COLOUR="red")
    for path in ("threads: ", "market.synthetic.names: ", "colour: "):
        assert path in error.what


@pytest.mark.parametrize(
    ("text", "said"),
    [("actor: [ann", "not valid YAML"), ("- actor", "must be a mapping"), ("ann", "must be a map")],
)
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str, said: str) -> None:
    error = refusal(tmp_path, text)
    assert said in error.what
    assert error.where == str(tmp_path / SETTINGS_FILE)


def test_a_variable_that_is_no_yaml_is_named_and_not_quoted(tmp_path: Path) -> None:
    error = refusal(tmp_path, NAXS_LEDGER="[secret")
    assert "NAXS_LEDGER" in error.where
    assert "secret" not in str(error)


def test_a_section_cannot_be_one_value_and_have_parts(tmp_path: Path) -> None:
    error = refusal(tmp_path, NAXS_MARKET="files", NAXS_MARKET__SOURCE="files")
    assert error.what.startswith("market is set both")
    assert "NAXS_MARKET__SOURCE" in error.where


def test_a_market_of_files_needs_its_section(tmp_path: Path) -> None:
    assert "market.files" in refusal(tmp_path, "market: {source: files}").what


# --- The market and the clock --------------------------------------------------------------------


def test_the_market_knows_its_first_and_last_day(tmp_path: Path) -> None:
    assert load(tmp_path).market.first == date(2021, 7, 1)
    market = load(tmp_path, FILES % ("2019-01-02", "2020-12-31")).market
    assert (market.first, market.last(date(2024, 1, 2))) == (date(2019, 1, 2), date(2020, 12, 31))


def test_a_frozen_clock_stands_still_in_utc_and_its_day_is_shanghais(tmp_path: Path) -> None:
    settings = load(tmp_path, NAXS_NOW="2023-12-29T23:30:00Z")
    assert settings.clock() == settings.clock() == datetime(2023, 12, 29, 23, 30, tzinfo=UTC)
    assert settings.clock().tzinfo is UTC
    assert settings.today() == date(2023, 12, 30)
    shanghai = load(tmp_path, NAXS_NOW="2023-12-30T07:30:00+08:00")
    assert shanghai.clock() == settings.clock()


def test_a_clock_without_a_time_zone_is_refused(tmp_path: Path) -> None:
    assert "now: " in refusal(tmp_path, NAXS_NOW="2023-12-29T23:30:00").what


def test_without_a_frozen_clock_time_goes_on(tmp_path: Path) -> None:
    settings = load(tmp_path)
    before = datetime.now(UTC)
    assert before <= settings.clock() <= settings.clock()
    assert settings.clock().tzinfo is UTC
