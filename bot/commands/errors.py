"""Ending a command with one line."""


class CommandError(Exception):
    """Ends a command with a message on standard error and an exit code."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


def explain(error: Exception) -> tuple[str, int] | None:
    """The line and exit code for an error that a person can mend; None for a fault of ours."""
    # What these modules need is slow to import, and no error of theirs comes without them.
    from pydantic import ValidationError
    from sqlalchemy.exc import OperationalError

    from bot.security.sealing import SealingError
    from bot.storage.catalogue import FrozenError
    from bot.storage.migrate import SchemaError
    from connectors.base import DeliveryError
    from dialogues.yamlfile import FileProblem
    from scoring.encoder import ModelError

    match error:
        case CommandError():
            return str(error), error.code
        case (
            DeliveryError()
            | FileProblem()
            | FrozenError()
            | SchemaError()
            | ModelError()
            | SealingError()
        ):
            return str(error), 2
        case ValidationError():
            first = error.errors(include_url=False)[0]
            name = "_".join(part for part in first["loc"] if isinstance(part, str))
            problem = first["msg"].removeprefix("Value error, ")
            return f"the setting MIANTAN_{name.upper()}: {problem}; correct it", 2
        case OperationalError():
            return f"the database cannot be used: {error.orig}; check MIANTAN_DATABASE_URL", 2
        case OSError():
            return f"{error.filename or 'a file'}: {error.strerror or error}; check it", 2
        case _:
            return None
