"""The links of an entry: the same code, or a campaign's name, on each place that takes it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

WEB, TELEGRAM, WECHAT = "web", "telegram", "wechat"
_BOT = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")


@dataclass(frozen=True)
class Places:
    """Where candidates enter. `wechat` has the addresses of parametric QR codes, by code: WeChat
    makes those itself."""

    base_url: str
    telegram_bot: str = ""
    wechat: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.telegram_bot and not _BOT.fullmatch(self.telegram_bot):
            raise ValueError("a bot's user name has 4 to 32 letters, digits and _, without the @")

    def of_code(self, campaign: str, code: str) -> dict[str, str]:
        """The links of an invitation, by place."""
        return self._links(f"/chat/{quote(campaign)}?invitation={quote(code)}", code)

    def of_campaign(self, campaign: str) -> dict[str, str]:
        """The links of a campaign that is open to all, by place."""
        return self._links(f"/chat/{quote(campaign)}", campaign)

    def _links(self, path: str, code: str) -> dict[str, str]:
        links = {WEB: f"{self.base_url.rstrip('/')}{path}"}
        if self.telegram_bot:
            links[TELEGRAM] = f"https://t.me/{self.telegram_bot}?start={quote(code)}"
        if code in self.wechat:
            links[WECHAT] = self.wechat[code]
        return links
