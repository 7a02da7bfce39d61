"""Structured logs. Content and secrets never go into them: log ids and codes."""

import logging
import sys

import structlog

# These libraries log addresses, which for some platforms hold tokens.
_QUIET = ("alembic", "httpx", "httpx2", "httpcore", "httpcore2", "telegram", "uvicorn.access")


def set_up(level: str) -> None:
    """JSON lines on standard error."""
    logging.basicConfig(level=logging.getLevelName(level.upper()), format="%(message)s")
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
