"""Server-sent events over a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2

from tests.helpers import Candidate, build_in, free_port, served, web_app

CAMPAIGN = "sales-representative"


async def read_events(answer: httpx2.Response) -> AsyncIterator[tuple[str, str, Any]]:
    """(event, id, data) of each event of the stream."""
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield fields["event"], fields.get("id", ""), json.loads(fields["data"])
            fields = {}


async def test_messages_and_states_arrive_as_they_happen(tmp_path: Path) -> None:
    application = build_in(tmp_path)
    with served(web_app(application), free_port()) as url:
        async with httpx2.AsyncClient(base_url=url, trust_env=False, timeout=20) as client:
            candidate = await Candidate(client).begin(
                CAMPAIGN, language="en", candidate_type="campus"
            )
            path = f"/api/v1/chat/sessions/{candidate.session}/events"
            async with client.stream("GET", path, headers=candidate.headers) as answer:
                assert answer.headers["content-type"].startswith("text/event-stream")
                stream = read_events(answer)
                first = [await anext(stream) for _ in range(3)]
                assert [kind for kind, _, _ in first] == ["message", "message", "state"]
                assert first[-1][2]["status"] == "consent"
                await candidate.say("agree")
                async with asyncio.timeout(10):
                    later = [await anext(stream) for _ in range(3)]
                assert [data.get("kind") for _, _, data in later] == ["notice", "question", None]
                assert later[-1][2] == candidate.state
            seen = later[0][1]
            headers = candidate.headers | {"Last-Event-ID": seen}
            async with client.stream("GET", path, headers=headers) as answer:
                kind, event_id, data = await anext(read_events(answer))
                assert (kind, data["kind"]) == ("message", "question")
                assert int(event_id) > int(seen)
    application.close()
