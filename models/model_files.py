"""Stores the files of models on disk, readable by the platform's user only, and destroys them."""

from __future__ import annotations

import fcntl
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from models.errors import ModelsBroken, ModelsNotFound
from storage.files import sync_folder

MODEL: Final = "model.ubj"
CARD: Final = "card.json"
MANIFEST: Final = "manifest.json"
LEFT_OUT: Final = "left-out.json"
"""The lines of permitted people whom a run left out, as a manifest; nothing else reads it."""
PEOPLE: Final = "monitored-people.json"
"""Of whom the monthly reports of a model have outcomes."""
REPORTS: Final = "reports"
"""The folder of the plots of reports. No model has this folder: its id ends with a number."""

_LOCK: Final = ".comparing"


class ModelFiles:
    """One folder a model; a file exists whole or not at all."""

    def __init__(self, home: Path) -> None:
        """Keep everything below `home`, which is created on first use."""
        self._home = home
        self._making = threading.Lock()

    def path(self, model_id: str, name: str) -> Path:
        """Return the path of a model's file.

        Raises:
            ModelsNotFound: the id or the name would leave the folder.
        """
        for part in (model_id, name):
            if not part or part.startswith(".") or Path(part).name != part:
                raise ModelsNotFound(f"no file {name} of model {model_id}")
        return self._home / model_id / name

    @contextmanager
    def comparing(self) -> Iterator[None]:
        """Let one at a time, of all threads and processes, compare people and store its own.

        Two at once would not see each other's people, of whom one to ten could differ. The lock of
        a process that ends is released.
        """
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._home / _LOCK).open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def write(self, model_id: str, name: str, content: bytes) -> None:
        """Write a file; it is durable when this returns."""
        target = self.path(model_id, name)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Each call has its own draft: two requests may draw the same plot at the same moment.
        descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=".")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(target)
        finally:
            Path(draft).unlink(missing_ok=True)
        sync_folder(target.parent)

    def read(self, model_id: str, name: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            ModelsNotFound: the file does not exist.
        """
        try:
            return self.path(model_id, name).read_bytes()
        except OSError as exc:
            raise ModelsNotFound(f"no file {name} of model {model_id}") from exc

    def read_or_make(self, model_id: str, name: str, make: Callable[[], bytes]) -> bytes:
        """Return the bytes of a file, which is made and written on first use.

        If several threads ask for it at once, one of them makes it.
        """
        with suppress(ModelsNotFound):
            return self.read(model_id, name)
        with self._making:
            with suppress(ModelsNotFound):
                return self.read(model_id, name)
            content = make()
            self.write(model_id, name, content)
        return content

    def read_all(self, model_id: str, prefix: str) -> list[bytes]:
        """Return the bytes of every file of a model whose name starts so, by name."""
        return [self.read(model_id, name) for name in self.list_names(model_id, prefix)]

    def list_names(self, model_id: str, prefix: str) -> list[str]:
        """Return the names of the files of a model that start so, in order."""
        folder = self.path(model_id, MODEL).parent
        return sorted(path.name for path in folder.glob(f"{prefix}*"))

    def destroy_model(self, model_id: str) -> None:
        """Delete the model itself; card, manifest and plots remain as evidence.

        Raises:
            ModelsBroken: the file cannot be deleted; an operator must check the folder.
        """
        self.delete(model_id, MODEL)

    def delete(self, model_id: str, name: str) -> None:
        """Delete a file, if it exists.

        Raises:
            ModelsBroken: it cannot be deleted; an operator must check the folder.
        """
        self._delete(self.path(model_id, name))

    def destroy_all(self, model_id: str) -> None:
        """Delete every file of a model that was never published.

        Raises:
            ModelsBroken: a file cannot be deleted; an operator must check the folder.
        """
        folder = self.path(model_id, MODEL).parent
        for path in sorted(folder.glob("*")):
            self._delete(path)

    def _delete(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                sync_folder(path.parent)
        except OSError as exc:
            model_id = path.parent.name
            raise ModelsBroken(f"{path.name} of model {model_id} cannot be deleted") from exc
