"""A Rasa policy that breaks the silence when Miantan could not be reached.

Rasa goes on as if nothing had happened when an action server fails: the user gets no answer at all.
This policy utters `utter_silence` then, and waits for the next message.
"""

from typing import Any

from rasa.core.policies.policy import Policy, PolicyPrediction
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted
from rasa.shared.core.trackers import DialogueStateTracker

ACTION = "miantan_interview"
UTTERANCE = "utter_silence"


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True
)
class SilencePolicy(Policy):
    """Comes before all other policies, and has nothing to say unless the action failed."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"priority": 100}

    def train(self, training_trackers: Any, domain: Domain, **_: Any) -> Resource:
        """There is nothing to learn."""
        return self._resource

    def predict_action_probabilities(
        self, tracker: DialogueStateTracker, domain: Domain, **_: Any
    ) -> PolicyPrediction:
        """What follows the action that came to nothing, and what follows its utterance."""
        probabilities = self._default_predictions(domain)
        name = self._next(tracker)
        if name is not None:
            probabilities[domain.index_for_action(name)] = 1.0
        return self._prediction(probabilities, is_no_user_prediction=name is not None)

    def _next(self, tracker: DialogueStateTracker) -> str | None:
        done = [event for event in tracker.events if isinstance(event, ActionExecuted)]
        if not done:
            return None
        if done[-1].action_name == UTTERANCE:
            return "action_listen"
        # An action that ran is followed by what it brought.
        return (
            UTTERANCE if tracker.events[-1] is done[-1] and done[-1].action_name == ACTION else None
        )
