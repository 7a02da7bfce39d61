"""Reading a request's body, up to a limit; and whether it came over TLS."""

from fastapi import Request

from bot.web.errors import ApiError

MAX_BODY = 1_000_000


async def read_body(request: Request, limit: int = MAX_BODY) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise ApiError(413, f"the request is larger than {limit} bytes")
    return bytes(body)


def is_secure(request: Request) -> bool:
    """Whether cookies may be kept to TLS: the request, or the public address, is https."""
    public: str = request.app.state.application.settings.base_url
    return request.url.scheme == "https" or public.startswith("https://")
