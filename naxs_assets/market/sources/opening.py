"""Opening the one source that the settings name."""

from __future__ import annotations

from naxs_assets.market.sources.base import Source
from naxs_assets.settings import Settings


def open_source(settings: Settings) -> Source:
    """The source of the home's market. Nothing is read or generated before it is asked for."""
    if settings.market.files is not None and settings.market.source == "files":
        from naxs_assets.market.sources.files import FilesSource
        from naxs_assets.market.sources.mapping import load_mapping

        files = settings.market.files
        return FilesSource(
            load_mapping(settings.home / files.mapping),
            (settings.home / files.data).resolve(),
            first=files.first,
            last=files.last,
        )
    if settings.market.source == "live":
        from naxs_assets.market.pulling.opening import LiveHome
        from naxs_assets.market.sources.live import LiveSource

        home = LiveHome.of(settings)
        return LiveSource(
            home.store,
            universe=home.live.universe,
            index=home.index,
            first=home.live.first,
            clock=settings.clock,
            ranks=home.ranks,
        )
    from naxs_assets.market.sources.synthetic import SyntheticSource
    from naxs_assets.market.synthetic import SyntheticMarket

    synthetic = settings.market.synthetic
    return SyntheticSource(
        SyntheticMarket(
            seed=synthetic.seed, names=synthetic.names, first=synthetic.first, last=synthetic.last
        )
    )
