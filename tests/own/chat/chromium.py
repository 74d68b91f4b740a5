"""Somebody who opens exercise 5's given page in Chromium."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.harness.lab import Lab
from tests.harness.patience import slices, wait_until
from tests.own.browser import Browser
from tests.own.chat.page import PATIENCE, Web


class User:
    """Somebody with a browser of her own: looks at the page, types and clicks."""

    def __init__(self, lab: Lab, name: str, web: Web) -> None:
        """Open the page."""
        folder = lab.folder / name
        folder.mkdir()
        self.browser = Browser(folder)  # with a profile of her own
        self.browser.open_tab()
        self.browser.page("Page.navigate", url=f"http://{web.address}/")

    def run(self, script: str) -> Any:
        """Run a script in the page, and return its value."""
        options = {"awaitPromise": True, "returnByValue": True}
        answer = self.browser.call("Runtime.evaluate", expression=script, **options)
        assert "exceptionDetails" not in answer, (script, answer)
        return answer["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Wait until a condition, in the page's own words, is true."""
        waits = slices(PATIENCE)
        came = wait_until(lambda: self.run(f"Boolean({condition})"), waits)
        assert came, (condition, self.run("document.body.innerText"))

    def wait_for_text(self, text: str, where: str = "log") -> None:
        """Wait until a part of the page shows a text."""
        self.wait_for(f"the({where!r}).innerText.includes({json.dumps(text)})")

    def type(self, text: str) -> None:
        """Type a line where the keyboard is, and press Enter."""
        self.browser.call("Input.insertText", text=text)
        self.press("Enter", "\r", 13)

    def press(self, key: str, text: str, code: int) -> None:
        """Press a key."""
        event = {"key": key, "text": text, "windowsVirtualKeyCode": code}
        self.browser.call("Input.dispatchKeyEvent", type="keyDown", **event)
        self.browser.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def paste(self, text: str) -> None:
        """Paste a text where the keyboard is, as Ctrl+V does."""
        permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
        self.browser.call("Browser.grantPermissions", permissions=permissions)
        self.run(f"navigator.clipboard.writeText({json.dumps(text)})")
        event = {"key": "v", "commands": ["paste"]}
        self.browser.call("Input.dispatchKeyEvent", type="keyDown", **event)
        self.browser.call("Input.dispatchKeyEvent", type="keyUp", key="v")

    def resize(self, width: int, height: int, *, mobile: bool = False) -> None:
        """Give the page another size, or that of a phone."""
        size = {"width": width, "height": height, "mobile": mobile}
        method = "Emulation.setDeviceMetricsOverride"
        self.browser.call(method, **size, deviceScaleFactor=1)
        self.wait_for(f"innerWidth === {width} && innerHeight === {height}")

    def reload(self) -> None:
        """Load the page again."""
        self.browser.page("Page.reload")

    def open_another_tab(self, web: Web) -> None:
        """Open the page in one more tab of the same browser, and turn to it."""
        self.browser.session = {}
        self.browser.open_tab()
        self.browser.page("Page.navigate", url=f"http://{web.address}/")

    def click(self, text: str) -> None:
        """Click on the button with that text, with the mouse."""
        buttons = "[...document.querySelectorAll('button')]"
        button = f"{buttons}.find((button) => button.innerText === {text!r})"
        where = "(({x, y, width, height}) => [x + width / 2, y + height / 2])"
        x, y = self.run(f"{where}({button}.getBoundingClientRect())")
        mouse = {"x": x, "y": y, "button": "left", "clickCount": 1}
        self.browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        self.browser.call("Input.dispatchMouseEvent", type="mousePressed", **mouse)
        self.wait_for("!asked.channels")  # what the pointer has asked for is answered
        self.browser.call("Input.dispatchMouseEvent", type="mouseReleased", **mouse)


Users = Callable[[str, Web], User]


def users_of(lab: Lab) -> Iterator[Users]:
    """Return a function that lets somebody open the page in a Chromium of her own."""
    users: list[User] = []

    def open_page(name: str, web: Web) -> User:
        users.append(User(lab, name, web))
        return users[-1]

    yield open_page
    for each in users:
        each.browser.stop()
