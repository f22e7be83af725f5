"""A patient's own signing program (EIP-1193) in a browser, on eth-account's signatures."""

from __future__ import annotations

import json
from typing import Any

from browser import Person
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

PROVIDER = """
window.ethereum = { request: ({ method, params }) => window.walletAsked(method, params ?? []) };
"""


class BrowserWallet:
    """One key that signs whatever a page asks it to sign, and remembers the kinds."""

    def __init__(self) -> None:
        self.account = Account.create()
        self.kinds: list[str] = []

    def give_to(self, person: Person) -> None:
        """Let every later page of this person find the wallet."""
        person.page.expose_function("walletAsked", self.answer)
        person.page.add_init_script(PROVIDER)

    def answer(self, method: str, params: list[Any]) -> Any:
        """Answer one request of a page."""
        if method == "eth_signTypedData_v4":
            typed = json.loads(params[1])
            self.kinds.append(typed["primaryType"])
            signed = self.account.sign_message(encode_typed_data(full_message=typed))
        elif method == "personal_sign":
            self.kinds.append("text")
            signed = self.account.sign_message(encode_defunct(hexstr=params[0]))
        else:
            return [self.account.address.lower()]
        return "0x" + bytes(signed.signature).hex()
