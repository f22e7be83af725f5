"""Keeps the files of models on disk, readable by the platform's user alone, and destroys them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from models.errors import ModelsBroken, ModelsNotFound

MODEL: Final = "model.ubj"
CARD: Final = "card.json"
MANIFEST: Final = "manifest.json"


class Files:
    """One folder a model; a file is there whole or not at all."""

    def __init__(self, home: Path) -> None:
        """Keep everything below `home`, which is made when first needed."""
        self._home = home

    def path(self, model_id: str, name: str) -> Path:
        """Return where a model's file lies.

        Raises:
            NotFound: the id or the name would lead elsewhere.
        """
        for part in (model_id, name):
            if not part or part.startswith(".") or Path(part).name != part:
                raise ModelsNotFound(f"no file {name} of model {model_id}")
        return self._home / model_id / name

    def write(self, model_id: str, name: str, content: bytes) -> None:
        """Put a file there, durable when this returns."""
        target = self.path(model_id, name)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = target.with_name(f".{name}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)
        _sync(target.parent)

    def read(self, model_id: str, name: str) -> bytes:
        """Return a file's bytes.

        Raises:
            NotFound: there is no such file.
        """
        try:
            return self.path(model_id, name).read_bytes()
        except OSError as exc:
            raise ModelsNotFound(f"no file {name} of model {model_id}") from exc

    def destroy_model(self, model_id: str) -> None:
        """Delete the model itself; card, manifest and pictures stay as evidence.

        Raises:
            Broken: the file cannot be deleted; an operator must look.
        """
        self._delete(self.path(model_id, MODEL))

    def destroy_all(self, model_id: str) -> None:
        """Delete everything of a model that was never published.

        Raises:
            Broken: a file cannot be deleted; an operator must look.
        """
        folder = self.path(model_id, MODEL).parent
        for path in sorted(folder.glob("*")):
            self._delete(path)

    def _delete(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                _sync(path.parent)
        except OSError as exc:
            raise ModelsBroken(
                f"{path.name} of model {path.parent.name} cannot be deleted"
            ) from exc


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
