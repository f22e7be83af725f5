"""Looks for bytes in the memory of a process, and in files below a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

CHUNK_BYTES = 2**24


def find_in_memory(pid: int, needles: Mapping[str, bytes]) -> dict[str, int]:
    """Return how often each of these is in the readable memory of a process, if at all."""
    counts: dict[str, int] = {}
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for start, end in _readable(pid):
            overlap = b""
            for at in range(start, end, CHUNK_BYTES):
                try:
                    memory.seek(at)
                    part = memory.read(min(CHUNK_BYTES, end - at))
                except (OSError, ValueError, OverflowError):
                    break  # a region of the kernel, or one that is gone
                _add(counts, needles, overlap, part)
                overlap = part[-max(map(len, needles.values())) + 1 :]
    return counts


def _readable(pid: int) -> Iterator[tuple[int, int]]:
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        places, rights, *_rest = line.split()
        if rights.startswith("r"):
            start, end = (int(place, 16) for place in places.split("-"))
            yield start, end


def find_in_files(folder: Path, needles: Mapping[str, bytes]) -> dict[str, list[str]]:
    """Return the files below a folder that contain one of these, by its name."""
    places: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            for name, needle in needles.items():
                if needle in content:
                    places.setdefault(name, []).append(str(path.relative_to(folder)))
    return places


def _add(counts: dict[str, int], needles: Mapping[str, bytes], overlap: bytes, part: bytes) -> None:
    for name, needle in needles.items():
        count = part.count(needle) + (overlap[-len(needle) + 1 :] + part[: len(needle) - 1]).count(
            needle
        )
        if count:
            counts[name] = counts.get(name, 0) + count
