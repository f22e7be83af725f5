"""The first block of a single machine's chain: Osaka rules, and one account with money."""

from __future__ import annotations

import re

from deploy.nodes.errors import NodesError

GAS_LIMIT = 60_000_000
# More than any number of full blocks at any base fee can burn in the life of an install.
RELAYER_WEI = 10**40
ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
# Chain ids that wallets and our own start-up checks take for development chains.
DEVELOPMENT_CHAIN_IDS = (1337, 31337)

_BLOBS = {"target": 6, "max": 9, "baseFeeUpdateFraction": 5_007_716}
_BLOBS_BEFORE = {"target": 3, "max": 6, "baseFeeUpdateFraction": 3_338_477}
_BLOCK_FORKS = (
    "homestead",
    "eip150",
    "eip155",
    "eip158",
    "byzantium",
    "constantinople",
    "petersburg",
    "istanbul",
    "berlin",
    "london",
)
_TIME_FORKS = ("shanghai", "cancun", "prague", "osaka")
# Osaka's rules call these contracts in each block (EIP-4788, 2935, 7002, 7251); the code is theirs.
SYSTEM_CONTRACTS = {
    "0x000f3df6d732807ef1319fb7b8bb8522d0beac02": (
        "0x3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f3580156049"
        "5762001fff810690815414603c575f5ffd5b62001fff01545f5260205ff35b5f5ffd5b62001fff4206428155"
        "5f359062001fff015500"
    ),
    "0x0000f90827f1c53a10cb7a02335b175320002935": (
        "0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f356001430381116042"
        "57611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500"
    ),
    "0x00000961ef480eb55e80d19ad83579a64c007002": (
        "0x3373fffffffffffffffffffffffffffffffffffffffe1460cb5760115f54807fffffffffffffffffffffff"
        "ffffffffffffffffffffffffffffffffffffffffff146101f457600182026001905f5b5f8211156068578101"
        "9083028483029004916001019190604d565b909390049250505036603814608857366101f457346101f4575f"
        "5260205ff35b34106101f457600154600101600155600354806003026004013381556001015f358155600101"
        "60203590553360601b5f5260385f601437604c5fa0600101600355005b6003546002548082038060101160df"
        "575060105b5f5b8181146101835782810160030260040181604c02815460601b815260140181600101548152"
        "6020019060020154807fffffffffffffffffffffffffffffffff000000000000000000000000000000001682"
        "52906010019060401c908160381c81600701538160301c81600601538160281c81600501538160201c816004"
        "01538160181c81600301538160101c81600201538160081c81600101535360010160e1565b91018092146101"
        "9557906002556101a0565b90505f6002555f6003555b5f54807fffffffffffffffffffffffffffffffffffff"
        "ffffffffffffffffffffffffffff14156101cd57505f5b6001546002828201116101e25750505f6101e8565b"
        "01600290035b5f555f600155604c025ff35b5f5ffd"
    ),
    "0x0000bbddc7ce488642fb579f8b00f3a590007251": (
        "0x3373fffffffffffffffffffffffffffffffffffffffe1460d35760115f54807fffffffffffffffffffffff"
        "ffffffffffffffffffffffffffffffffffffffffff1461019a57600182026001905f5b5f8211156068578101"
        "9083028483029004916001019190604d565b9093900492505050366060146088573661019a573461019a575f"
        "5260205ff35b341061019a57600154600101600155600354806004026004013381556001015f358155600101"
        "602035815560010160403590553360601b5f5260605f60143760745fa0600101600355005b60035460025480"
        "82038060021160e7575060025b5f5b8181146101295782810160040260040181607402815460601b81526014"
        "0181600101548152602001816002015481526020019060030154905260010160e9565b910180921461013b57"
        "90600255610146565b90505f6002555f6003555b5f54807fffffffffffffffffffffffffffffffffffffffff"
        "ffffffffffffffffffffffff141561017357505f5b6001546001828201116101885750505f61018e565b0160"
        "0190035b5f555f6001556074025ff35b5f5ffd"
    ),
}
_ZERO_HASH = "0x" + "00" * 32
_ZERO_ADDRESS = "0x" + "00" * 20


def make_genesis(chain_id: int, relayer_address: str) -> dict[str, object]:
    """Return the genesis of a chain on which only `relayer_address` has money.

    Raises:
        NodesError: the chain id is one of a development chain, or the address is none.
    """
    if chain_id < 1 or chain_id in DEVELOPMENT_CHAIN_IDS:
        raise NodesError(
            f"chain id {chain_id} is that of a development chain. Set LEDGER_CHAIN_ID to another "
            "number"
        )
    if not ADDRESS.fullmatch(relayer_address):
        raise NodesError(f"{relayer_address!r} is not an address (0x and 40 hexadecimal digits)")
    config: dict[str, object] = {"chainId": chain_id, "terminalTotalDifficulty": 0}
    config |= {f"{fork}Block": 0 for fork in _BLOCK_FORKS}
    config |= {f"{fork}Time": 0 for fork in _TIME_FORKS}
    config["depositContractAddress"] = _ZERO_ADDRESS
    config["blobSchedule"] = {"cancun": _BLOBS_BEFORE, "prague": _BLOBS, "osaka": _BLOBS}
    alloc: dict[str, object] = {
        address: {"balance": "0x0", "nonce": "0x1", "code": code}
        for address, code in SYSTEM_CONTRACTS.items()
    }
    alloc[relayer_address.lower()] = {"balance": hex(RELAYER_WEI)}
    return {
        "config": config,
        "alloc": alloc,
        "gasLimit": hex(GAS_LIMIT),
        "baseFeePerGas": hex(10**9),
        "difficulty": "0x0",
        "nonce": "0x0",
        "timestamp": "0x0",
        "extraData": "0x",
        "mixHash": _ZERO_HASH,
        "coinbase": _ZERO_ADDRESS,
    }
