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
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        raise PermanentError("the address is not valid; correct it in the settings") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise PermanentError(f"not an http address: {parsed.scheme}://{parsed.host}")
    host = parsed.host
    address = _resolve(host, parsed.port or (443 if parsed.scheme == "https" else 80))
    names = {name.casefold() for name in allowed}
    if not _is_public(address) and not names & {host.casefold(), str(address)}:
        raise PermanentError(
            f"{host} is a private address; add it to MIANTAN_ALLOW_HOSTS if that is meant"
        )
    return Target(
        url=str(parsed.copy_with(host=str(address))),
        headers={"Host": parsed.netloc.decode()},
        extensions={"sni_hostname": host} if parsed.scheme == "https" else {},
    )


Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _is_public(address: Address) -> bool:
    inner = _inner(address)
    if inner is not None and not _is_public(inner):
        return False
    return address.is_global and not address.is_multicast


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address is translated to (NAT64, 6to4)."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour if isinstance(address, ipaddress.IPv6Address) else None


def _resolve(host: str, port: int) -> Address:
    if port > 65_535:
        raise PermanentError(f"there is no port {port}")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise RetryableError(f"cannot resolve {host}: {error.strerror}") from None
    except UnicodeError:
        raise PermanentError(f"{host[:80]} is not a host name") from None
    return ipaddress.ip_address(str(found[0][4][0]).partition("%")[0])
