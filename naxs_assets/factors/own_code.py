"""A person's own Python file in the catalogue of a home: its text, the digest, and running it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from naxs_assets.errors import ConfigurationError


@dataclass(frozen=True)
class OwnCode:
    """The bytes of ``file`` as they were read once: what runs is what the digest is of.

    ``holds`` says in an error what the file is to give, for example "the operators".
    """

    file: Path
    source: bytes
    holds: str
    remedy: str

    @property
    def digest(self) -> str:
        """The sha256 of the source, in hexadecimal."""
        return hashlib.sha256(self.source).hexdigest()

    def run(self) -> ModuleType:
        """A fresh module of the file, which is not put into ``sys.modules``.

        Raises :class:`ConfigurationError` for whatever the file raises, and for one that is no
        Python.
        """
        module = ModuleType(f"naxs_own_{self.file.stem}")
        module.__file__ = str(self.file)
        try:
            code = compile(self.source, str(self.file), "exec", dont_inherit=True)
            exec(code, vars(module))  # noqa: S102 - the person's own file
        except Exception as error:
            raise ConfigurationError(
                f"{self.holds} cannot be loaded: {type(error).__name__}: {error}",
                where=str(self.file),
                remedy=self.remedy,
            ) from error
        return module


def own_code(file: Path, holds: str, remedy: str) -> OwnCode:
    """The code in ``file``, which is read and not yet run."""
    return OwnCode(file, file.read_bytes(), holds, remedy)
