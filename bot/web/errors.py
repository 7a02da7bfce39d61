"""One error envelope for every address: {"error": {"code", "message"}}."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from bot.arrival import UnknownChoiceError
from bot.pipeline import ClosedError, UnusableError
from bot.security.sealing import ErasedError
from bot.storage.admission import UnknownCampaignError
from bot.storage.invitations import NotAdmittedError
from bot.web.api_error import CODES, ApiError
from dialogues.engine import NotCorrectedError


def envelope(
    status: int, message: str, code: str | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    code = code or CODES.get(status, "error")
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def install(app: FastAPI) -> None:
    """Make every error of the application answer in the envelope."""

    @app.exception_handler(ApiError)
    async def _api(request: Request, error: ApiError) -> Response:
        headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
        return envelope(error.status, error.message, error.code, headers)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return envelope(error.status_code, str(error.detail), headers=dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body")
        return envelope(422, f"{where}: {first['msg']}" if where else str(first["msg"]))

    @app.exception_handler(UnknownCampaignError)
    async def _campaign(request: Request, error: UnknownCampaignError) -> Response:
        return envelope(404, "there is no such campaign open to you", "unknown_campaign")

    @app.exception_handler(NotAdmittedError)
    async def _invitation(request: Request, error: NotAdmittedError) -> Response:
        words = error.reason.replace("_", " ")
        return envelope(409, f"the invitation is {words}", f"invitation_{error.reason}")

    @app.exception_handler(UnknownChoiceError)
    async def _choice(request: Request, error: UnknownChoiceError) -> Response:
        return envelope(422, str(error))

    @app.exception_handler(UnusableError)
    async def _unusable(request: Request, error: UnusableError) -> Response:
        return envelope(422, str(error))

    @app.exception_handler(NotCorrectedError)
    async def _not_corrected(request: Request, error: NotCorrectedError) -> Response:
        return envelope(409, f"it cannot be corrected: {error}", "not_corrected")

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        # Starlette logs the error and raises it again for the server's own log.
        return envelope(500, "something went wrong here; please send it again", "internal")

    @app.exception_handler(ClosedError)
    async def _closed(request: Request, error: ClosedError) -> Response:
        return envelope(409, f"the interview has ended ({error})", "finished")

    @app.exception_handler(ErasedError)
    async def _erased(request: Request, error: ErasedError) -> Response:
        return envelope(409, "the interview was erased", "erased")
