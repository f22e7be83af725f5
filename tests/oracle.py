"""eth-account, an independent implementation to compare with.

Its dependency py_ecc raises Python's recursion limit so far that deep JSON would overflow the C
stack of the test process; the limit is put back here.
"""

from __future__ import annotations

import sys

_limit = sys.getrecursionlimit()

from eth_account import Account as EthAccount  # noqa: E402
from eth_account.messages import encode_typed_data  # noqa: E402
from eth_utils import keccak as eth_keccak  # noqa: E402

sys.setrecursionlimit(_limit)

__all__ = ["EthAccount", "encode_typed_data", "eth_keccak"]
