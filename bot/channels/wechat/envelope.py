"""Signatures and encryption of pushes and of the answers to them.

The rules are the platform's 接入概述 (signature) and 消息加解密说明 (AES mode); the library does the
cryptography. It has no check of freshness: that is here.
"""

import hmac
import time
from collections.abc import Callable, Mapping
from secrets import token_hex

import xmltodict
from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.utils import WeChatSigner

from bot.channels.wechat.parse import UnreadableError

FRESH_SECONDS = 300.0
"""A push that was signed longer ago, or so far in the future, is refused."""

Query = Mapping[str, str]


class RefusedError(Exception):
    """A push that does not come from the platform, or not now. Permanent."""


class Envelope:
    """Opens pushes to one account, and seals the answers to them.

    With an AES key everything is encrypted, and nothing else is taken; WeCom encrypts the word
    that it verifies an address with, too (`sealed_echo`). Without one, the signature covers the
    time but not the body: only the address's secrecy and TLS protect that.
    """

    def __init__(
        self,
        token: str,
        account: str,
        aes_key: str | None,
        sealed_echo: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`account` is the app or corp id. Raises ValueError for a key that is none."""
        self._token, self._sealed_echo, self._now = token, sealed_echo, now
        self._crypto = _crypto(token, aes_key, account) if aes_key else None

    def echo(self, query: Query) -> str:
        """The word to answer the verification of the address with; raises RefusedError."""
        word = query.get("echostr", "")
        if self._sealed_echo and self._crypto is not None:
            self._check(query, "msg_signature", word)
            return self._decrypted(word)
        self._check(query, "signature")
        return word

    def open(self, query: Query, body: bytes) -> str:
        """The plain XML of a push; raises RefusedError or UnreadableError."""
        if self._crypto is None:
            self._check(query, "signature")
            return _text(body)
        sealed = _sealed_part(body)
        self._check(query, "msg_signature", sealed)
        return self._decrypted(sealed)

    def seal(self, xml: str) -> str:
        """An answer as it goes over the wire."""
        if self._crypto is None:
            return xml
        return str(self._crypto.encrypt_message(xml, token_hex(8), str(int(self._now()))))

    def _check(self, query: Query, name: str, *more: str) -> None:
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        signer = WeChatSigner()
        signer.add_data(self._token, timestamp, nonce, *more)
        given = query.get(name, "")
        if not hmac.compare_digest(given.encode(), signer.signature.encode()):
            raise RefusedError("the signature is missing or wrong")
        if not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 12:
            raise RefusedError("the timestamp is no number")
        if abs(self._now() - int(timestamp)) > FRESH_SECONDS:
            raise RefusedError("the timestamp is stale")

    def _decrypted(self, sealed: str) -> str:
        """Of what is rightly signed; the account's id inside must be ours."""
        signer = WeChatSigner()
        signer.add_data(self._token, "0", "0", sealed)
        try:
            return str(
                self._crypto.check_signature(signer.signature, "0", "0", sealed)  # type: ignore[union-attr]
            )
        except Exception as error:  # noqa: BLE001 - the library raises nearly anything on bad input
            raise UnreadableError(type(error).__name__) from None


def _crypto(token: str, aes_key: str, account: str) -> WeChatCrypto:
    try:
        return WeChatCrypto(token, aes_key, account)
    except (ValueError, AssertionError):
        raise ValueError("an EncodingAESKey has 43 letters and digits") from None


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise UnreadableError("not UTF-8") from None


def _sealed_part(body: bytes) -> str:
    try:
        found = xmltodict.parse(_text(body))["xml"]["Encrypt"]
    except UnreadableError:
        raise
    except Exception as error:  # noqa: BLE001 - hostile input, before any signature is checked
        raise RefusedError(type(error).__name__) from None
    if not isinstance(found, str):
        raise RefusedError("nothing encrypted")
    return found
