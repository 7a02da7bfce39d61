"""The assessor of each role, made once."""

import threading
from typing import Any

from bot.storage.catalogue import Role
from scoring.encoder import Encoder
from scoring.evidence import Assessor, Found


class Assessors:
    """Assessors share one encoder; each keeps its role's key points encoded."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self._made: dict[tuple[str, str], Assessor] = {}
        self._lock = threading.Lock()

    def as_evidence(self, found: Found) -> dict[str, Any]:
        """What was found and by which model, as it is kept with the answer."""
        model = {"encoder": self.encoder.name, "sha256": self.encoder.sha256}
        return {"found": found.model_dump(mode="json"), "model": model}

    def of(self, role: Role) -> Assessor:
        key = (role.guide_sha256, role.rubric_sha256)
        with self._lock:
            if key not in self._made:
                self._made[key] = Assessor(role.rubric, role.guide, self.encoder)
            return self._made[key]
