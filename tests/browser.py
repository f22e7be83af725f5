"""A real Chromium with a device of its own, on a platform that is served for it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    sync_playwright,
)
from playwright.sync_api import (
    TimeoutError as Late,
)
from werkzeug.serving import make_server

from services.wiring import Services
from web import create_app

# The engine without a window: the whole browser takes twice the processor time for the same pages.
CHROMIUM = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
PATIENCE_MS = 60_000


@contextmanager
def served(platform: Services) -> Iterator[str]:
    """Serve the platform where its site says, and yield its origin."""
    port = int(platform.installation.site.origin.rsplit(":", 1)[1])
    server = make_server("127.0.0.1", port, create_app(platform), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield platform.installation.site.origin
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield Debian's Chromium, without a window."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Person:
    """Somebody with a browser and a device (a virtual authenticator of their page)."""

    context: BrowserContext
    page: Page
    origin: str
    cdp: Any
    authenticator: str

    def go(self, path: str) -> None:
        """Open a page of the site."""
        self.page.goto(self.origin + path)

    def submit(self, button: str) -> None:
        """Press this button, and wait until the page that answers is loaded."""
        with self.page.expect_navigation():
            self.page.click(button)

    def reload(self) -> None:
        """Load the page once more."""
        # Chromium refuses its own reload while it still leaves the page before.
        self.page.goto(self.page.url)

    def reload_at(self, address: str) -> None:
        """Wait until the last click has led to this address, and load it once more."""
        self.page.wait_for_url(address)
        self.reload()

    def join(self, link: str) -> None:
        """Follow an invitation: make a passkey, prove it, arrive at one's pages."""
        self.page.goto(link)
        self.page.click("form[data-passkey] button")
        self.page.wait_for_url(lambda url: "/join/" not in url)

    def sign_in(self) -> None:
        """Sign in with the device's passkey."""
        self.go("/sign-in")
        self.page.click("form[data-passkey] button")
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def verifies(self, yes: bool) -> None:
        """Let the device recognise the person, or not."""
        query = {"authenticatorId": self.authenticator, "isUserVerified": yes}
        self.cdp.send("WebAuthn.setUserVerified", query)

    def text(self) -> str:
        """Return what the page's main part says."""
        return self.page.inner_text("main")

    def says(self, words: str) -> None:
        """Wait until the page says this."""
        try:  # between two pages there is no main for a moment
            self.page.wait_for_function(
                "words => document.querySelector('main')?.innerText.includes(words)", arg=words
            )
        except Late as exc:
            raise AssertionError(f"{words!r} is not in: {self.text()}") from exc


@contextmanager
def person(browser: Browser, origin: str, **how: Any) -> Iterator[Person]:
    """Yield somebody with a fresh browser profile and a fresh device."""
    context = browser.new_context(**({"locale": "en-GB"} | how))
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    made = cdp.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    try:
        yield Person(context, page, origin, cdp, made["authenticatorId"])
    finally:
        context.close()
