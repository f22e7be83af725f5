"""The private configuration of our Kubo: who may reach it, what it may do, how it stores."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

# Only what the platform calls. A path allows everything that begins with it, so those with
# siblings that must stay closed (pin/remote, repo/verify) are given in full.
ALLOWED_PATHS = tuple(
    f"/api/v0/{path}"
    for path in (
        "version",
        "id",
        "add",
        "cat",
        "block/get",
        "block/put",
        "block/stat",
        "block/rm",
        "dag/export",
        "dag/get",
        "dag/import",
        "dag/put",
        "dag/stat",
        "pin/add",
        "pin/ls",
        "pin/rm",
        "pin/update",
        "pin/verify",
        "refs/local",
        "repo/gc",
        "repo/stat",
        "repo/version",
    )
)

_OFF: Mapping[str, Any] = {"Enabled": False}
_PRIVATE: Mapping[str, Any] = {
    "Addresses": {
        "Swarm": [],
        "Announce": [],
        "AppendAnnounce": [],
        "NoAnnounce": [],
        "Gateway": [],
    },
    "AutoConf": _OFF,
    "AutoNAT": {"ServiceMode": "disabled"},
    "AutoTLS": {"Enabled": False, "AutoWSS": False},
    "Bootstrap": [],
    "DNS": {"Resolvers": {}},
    "Discovery": {"MDNS": _OFF},
    "Experimental": {"FilestoreEnabled": False, "UrlstoreEnabled": False},
    "Gateway": {"NoFetch": True, "NoDNSLink": True, "ExposeRoutingAPI": False},
    "HTTPRetrieval": _OFF,
    "Internal": {"ShutdownTimeout": "10s"},
    "Ipns": {"DelegatedPublishers": [], "UsePubsub": False},
    "Peering": {"Peers": []},
    "Pinning": {"RemoteServices": {}},
    "Plugins": {"Plugins": {"telemetry": {"Disabled": True, "Config": {"Mode": "off"}}}},
    "Provide": _OFF,
    "Pubsub": _OFF,
    "Routing": {"Type": "none", "DelegatedRouters": []},
    "Swarm": {
        "DisableNatPortMap": True,
        "EnableHolePunching": False,
        "RelayClient": _OFF,
        "RelayService": _OFF,
        "Transports": {
            "Network": {
                "QUIC": False,
                "Relay": False,
                "WebRTCDirect": False,
                "WebTransport": False,
                "Websocket": False,
            }
        },
    },
    "Version": {"SwarmCheckEnabled": False},
}

# Content identifiers depend on these, so none is left to the defaults of a later Kubo.
_IMPORT: Mapping[str, Any] = {
    "CidVersion": 1,
    "HashFunction": "sha2-256",
    "UnixFSRawLeaves": True,
    "UnixFSChunker": "size-1048576",
    "UnixFSFileMaxLinks": 1024,
    "UnixFSDirectoryMaxLinks": 0,
    "UnixFSHAMTDirectoryMaxFanout": 256,
    "UnixFSHAMTDirectorySizeThreshold": "256KiB",
    "UnixFSHAMTDirectorySizeEstimation": "block",
    "UnixFSDAGLayout": "balanced",
    "FastProvideRoot": False,
    "FastProvideDAG": False,
    "FastProvideWait": False,
}

# Several blocks in a file (docs/decisions/0039-packed-blocks.md). Its log is written to the disk
# before a pin is confirmed, so it is never switched off. Small logs and early compaction let
# deleted blocks leave the files soon.
PACKED = "pebbleds"
_PACKED_STORE: Mapping[str, Any] = {
    "type": PACKED,
    "prefix": "pebble.datastore",
    "path": "pebbleds",
    "memTableSize": 2**20,
    "l0CompactionThreshold": 2,
}

# A file for each block.
_FILES_STORE: Mapping[str, Any] = {
    "type": "mount",
    "mounts": [
        {
            "mountpoint": "/blocks",
            "type": "flatfs",
            "prefix": "flatfs.datastore",
            "path": "blocks",
            # False, Kubo's default, can lose acknowledged blocks in a power failure.
            "sync": True,
            "shardFunc": "/repo/flatfs/shard/v1/next-to-last/2",
        },
        {
            "mountpoint": "/",
            "type": "levelds",
            "prefix": "leveldb.datastore",
            "path": "datastore",
            "compression": "none",
        },
    ],
}


def private_config(original: Mapping[str, Any], port: int, secret: str) -> dict[str, Any]:
    """Return the configuration that Kubo wrote for itself, with everything private."""
    config = _merged(original, _PRIVATE)
    config["Addresses"]["API"] = f"/ip4/127.0.0.1/tcp/{port}"
    config["API"] = {
        "HTTPHeaders": {},
        "Authorizations": {
            "vouchsafe": {"AuthSecret": f"bearer:{secret}", "AllowedPaths": list(ALLOWED_PATHS)}
        },
    }
    config["Import"] = dict(_IMPORT)
    config["Datastore"]["Spec"] = _store(original["Datastore"].get("Spec"))
    return config


def _store(spec: object) -> dict[str, Any]:
    """Return how blocks are stored: as the repository was made, since Kubo converts none."""
    if not isinstance(spec, Mapping) or spec.get("type") != PACKED:
        return copy.deepcopy(dict(_FILES_STORE))
    # Kubo names the format when it makes the repository; an older Kubo cannot read a newer one.
    name = "formatMajorVersion"
    return {**_PACKED_STORE, **({name: spec[name]} if name in spec else {})}


def automatic_values(config: object, path: str = "") -> Iterator[str]:
    """Yield the path of each value that is still "auto", for Kubo to fetch from the network."""
    if config == "auto":
        yield path
    elif isinstance(config, Mapping):
        for key, value in config.items():
            yield from automatic_values(value, f"{path}.{key}".lstrip("."))
    elif isinstance(config, list):
        for value in config:
            yield from automatic_values(value, path)


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = copy.deepcopy(dict(base))
    for key, value in changes.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and value and isinstance(below, Mapping):
            merged[key] = _merged(below, value)
        else:
            merged[key] = copy.deepcopy(dict(value) if isinstance(value, Mapping) else value)
    return merged
