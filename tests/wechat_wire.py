"""What goes over the wire between WeChat and a webhook: XML, signatures and AES.

Written from the platform's own description
(https://developer.work.weixin.qq.com/document/path/90968), apart from the library in use.
"""

import base64
import binascii
import hashlib
import re
import secrets
import struct
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML cannot hold."""

CDATA = re.compile(r"<!\[CDATA\[.*?\]\]>", re.DOTALL)

Fields = Mapping[str, str | int | float]


class WireError(Exception):
    """Something that is not in the platform's format."""


def render(fields: Fields) -> str:
    """A body as the platform writes it: text in CDATA, numbers bare."""
    elements = "\n".join(_element(name, value) for name, value in fields.items())
    return f"<xml>{elements}\n</xml>"


def parse(xml: str) -> dict[str, Any]:
    """The elements of a body: text, or a dictionary where they hold elements."""
    if "<!" in CDATA.sub("", xml):
        raise WireError("a document type or a comment in the XML")
    try:
        root = ElementTree.fromstring(xml.encode())
    except (ElementTree.ParseError, UnicodeEncodeError) as error:
        raise WireError(f"not XML: {error}") from error
    if root.tag != "xml" or not len(root):
        raise WireError("no <xml> with elements")
    return _children(root)


def signature(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def new_aes_key() -> str:
    """An EncodingAESKey: 43 letters and digits."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return "".join(secrets.choice(letters) for _ in range(43))


class Sealer:
    """The platform's AES: for one key and one receiver, an appid or a corpid."""

    def __init__(self, aes_key: str, receiver: str) -> None:
        if not re.fullmatch("[A-Za-z0-9]{43}", aes_key):
            raise ValueError("an EncodingAESKey has 43 letters and digits")
        self._key = base64.b64decode(aes_key + "=")
        self._receiver = receiver.encode()

    def seal(self, text: str) -> str:
        content = text.encode()
        plain = secrets.token_bytes(16) + struct.pack(">I", len(content)) + content
        plain += self._receiver
        pad = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher().encryptor()
        sealed = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
        return base64.b64encode(sealed).decode()

    def open(self, sealed: str) -> str:
        try:
            data = base64.b64decode(sealed, validate=True)
        except (binascii.Error, ValueError) as error:
            raise WireError("the encrypted text is not base64") from error
        if not data or len(data) % BLOCK:
            raise WireError("the encrypted text is not whole blocks of 32 bytes")
        decryptor = self._cipher().decryptor()
        plain = decryptor.update(data) + decryptor.finalize()
        pad = plain[-1]
        if not 1 <= pad <= BLOCK or plain[-pad:] != bytes([pad]) * pad:
            raise WireError("wrong padding: another key, or not padded to 32 bytes")
        return self._content(plain[:-pad])

    def _content(self, plain: bytes) -> str:
        if len(plain) < 20:
            raise WireError("the encrypted text is too short")
        (length,) = struct.unpack(">I", plain[16:20])
        content, receiver = plain[20 : 20 + length], plain[20 + length :]
        if len(content) != length or receiver != self._receiver:
            raise WireError("encrypted for another receiver")
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise WireError("the encrypted text is not UTF-8") from error

    def _cipher(self) -> Cipher[modes.CBC]:
        return Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16]))


def _element(name: str, value: str | int | float) -> str:
    if not isinstance(value, str):
        return f"<{name}>{value}</{name}>"
    text = ILLEGAL.sub("", value).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{text}]]></{name}>"


def _children(element: ElementTree.Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in element:
        value: Any = _children(child) if len(child) else child.text or ""
        if child.tag == "item":
            found.setdefault("item", []).append(value)
        elif child.tag in found:
            raise WireError(f"<{child.tag}> twice")
        else:
            found[child.tag] = value
    return found
