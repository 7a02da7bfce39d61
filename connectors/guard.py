"""No delivery to private addresses, unless they were allowed by name.

A host is resolved once and the connection goes to the address that was checked, so that a second,
different answer of the name service cannot slip past (DNS rebinding).
"""

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass

import httpx2

from connectors.base import PermanentError, RetryableError


@dataclass(frozen=True)
class Target:
    """Where to connect, and what to say there. Use all three together."""

    url: str
    headers: dict[str, str]
    extensions: dict[str, str]


def checked(url: str, allowed: Iterable[str]) -> Target:
    """Check an address; raises PermanentError when it is private and not allowed."""
    parsed = httpx2.URL(url)
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise PermanentError(f"not an http address: {parsed.scheme}://{parsed.host}")
    host = parsed.host
    address = _resolve(host, parsed.port or (443 if parsed.scheme == "https" else 80))
    names = {name.casefold() for name in allowed}
    if host.casefold() not in names and str(address) not in names and not address.is_global:
        raise PermanentError(
            f"{host} is a private address; add it to MIANTAN_ALLOW_HOSTS if that is meant"
        )
    return Target(
        url=str(parsed.copy_with(host=str(address))),
        headers={"Host": parsed.netloc.decode()},
        extensions={"sni_hostname": host} if parsed.scheme == "https" else {},
    )


def _resolve(host: str, port: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise RetryableError(f"cannot resolve {host}: {error.strerror}") from None
    return ipaddress.ip_address(str(found[0][4][0]).partition("%")[0])
