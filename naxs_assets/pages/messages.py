"""The Chinese/English catalogue of every word the pages print: Chinese first, English beside.

The texts are data: ``catalogue/*.yaml``, one file for each kind of page, each entry
``key: {zh: ..., en: ...}``. A page names a key; a text with ``{fields}`` is filled by
:func:`message`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from naxs_assets.errors import ConfigurationError


@dataclass(frozen=True)
class Message:
    """One text in both languages. ``str(message)`` is ``净值 NAV``, for charts and plain text."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} {self.en}"


@cache
def catalogue() -> Mapping[str, Message]:
    """Every message by key. Raises ConfigurationError on a key that two files define, or on an
    entry that is not exactly one Chinese and one English text.
    """
    import yaml

    messages: dict[str, Message] = {}
    for file in sorted(files(__package__).joinpath("catalogue").iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".yaml"):
            continue
        text = file.read_text(encoding="utf-8")
        for key, texts in yaml.load(text, Loader=yaml.CSafeLoader).items():
            if not isinstance(texts, dict) or set(texts) != {"zh", "en"}:
                raise ConfigurationError(
                    f"message {key!r} needs exactly the texts zh and en",
                    where=file.name,
                    remedy="write both languages",
                )
            if key in messages:
                raise ConfigurationError(
                    f"message {key!r} is defined twice",
                    where=file.name,
                    remedy="keep one of the two entries",
                )
            messages[key] = Message(texts["zh"], texts["en"])
    return MappingProxyType(messages)


def message(key: str, **fields: object) -> Message:
    """The catalogue's text for ``key`` with its ``{fields}`` filled in.

    Raises KeyError when the key, or a field its text needs, is missing.
    """
    entry = catalogue()[key]
    return Message(entry.zh.format(**fields), entry.en.format(**fields))


def message_or_name(key: str, name: str) -> Message | str:
    """The catalogue's text for ``key``, or ``name`` itself where the catalogue has none."""
    return catalogue().get(key, name)
