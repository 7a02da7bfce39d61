"""Recordings of a candidate's voice: consent of its own, what was heard, and what could not be.

Voice has a consent of its own, and text is always an equal to it (PIPL Art. 28-29).
"""

from dialogues import events as ev
from dialogues.events import Reply, Said, Transcript, Work
from dialogues.state import State
from dialogues.texts import say
from dialogues.turn import Turn, ask_again

LONG_WAIT = 30.0
"""Seconds from which the candidate is told how long taking a recording down will take."""
SPOKEN_UNHEARD = {
    "silence": "silent",
    "too_quiet": "quiet",
    "too_short": "short",
    "noise": "noisy",
    "clipped": "loud",
    "wrong_language": "language",
    "too_long": "long",
    "too_large": "large",
    "empty": "file",
    "no_audio": "file",
    "unreadable": "file",
    "silk": "file",
}
"""What is said of a reason why a recording could not be taken down; of all others, `unclear`."""


class NotRecordedError(ValueError):
    """A recording has no place here. Permanent; `key` names what to tell the candidate."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def record(turn: Turn, given: ev.Record) -> None:
    """A recording came: it is taken down, once the candidate agreed to that."""
    state, question = turn.state, turn.question
    if state.closed:
        raise NotRecordedError("closed")
    if state.status == "human":
        raise NotRecordedError("voice_to_person")
    if not state.consented:
        raise NotRecordedError("voice_later")
    if question is not None and question.kind == "code":
        raise NotRecordedError("voice_program")
    turn.wake()
    turn.emit(ev.Recorded(at=turn.now, recording=given.recording))
    if state.voice:
        turn.notice(_received(given.seconds), minutes=_minutes(given.seconds))
        turn.work.append(Work("transcribe", recording=given.recording))
        return
    if state.pending is not None:
        turn.emit(ev.ConfirmationDropped(at=turn.now))
    turn.emit(ev.ConfirmationAsked(at=turn.now, what="voice"))
    ask_again(turn)


def _received(seconds: float) -> str:
    return "voice_received" if seconds < LONG_WAIT else "voice_received_wait"


def _minutes(seconds: float) -> int:
    return max(1, round(seconds / 60))


def agree(turn: Turn) -> None:
    """What was recorded already is taken down."""
    turn.emit(ev.VoiceAgreed(at=turn.now))
    turn.notice("voice_received")
    turn.work += [Work("transcribe", recording=name) for name in turn.state.recordings]


def decline(turn: Turn, said_no: bool) -> None:
    """Recordings that waited are dropped; all goes on in text."""
    turn.emit(ev.VoiceDeclined(at=turn.now))
    if said_no:
        turn.notice("voice_declined")
        ask_again(turn)


def not_heard(turn: Turn, given: ev.NotHeard) -> None:
    """Nothing of a recording is judged: the candidate is asked to say it again, or to type."""
    late = is_late(turn.state, given.spoken.recording)
    turn.emit(ev.Unheard(at=turn.now, spoken=given.spoken, reasons=given.reasons, text=given.text))
    if turn.state.closed or turn.state.status == "human" or late:
        return
    reason = next((SPOKEN_UNHEARD[r] for r in given.reasons if r in SPOKEN_UNHEARD), "unclear")
    text = say(f"voice_{reason}", turn.language)
    nothing = Transcript(of=(given.spoken.message,), text="")
    turn.replies.append(Reply(kind="notice", text=text, transcript=nothing))
    ask_again(turn)


def is_late(state: State, recording: str) -> bool:
    """Whether something else is open now than when the recording came."""
    then = state.recordings.get(recording)
    return then is None or (then.question, then.probe) != (state.question, state.probe)


def hear_late(turn: Turn, said: Said) -> bool:
    """Keep the words of a recording, unjudged, when the interview has gone on meanwhile."""
    if not any(is_late(turn.state, each.recording) for each in said.spoken):
        return False
    turn.emit(
        ev.Noted(at=turn.now, text=said.text, intent="late", parser=said.parser, spoken=said.spoken)
    )
    if not turn.state.closed:
        turn.notice("voice_late")
    return True


def rest(turn: Turn) -> None:
    """Words of a recording that came before the pause end no pause: what they lead to is asked
    when the candidate is back."""
    if turn.state.status == "asking" and any(isinstance(e, ev.Answered) for e in turn.events):
        turn.emit(ev.Paused(at=turn.now))
        turn.replies = [reply for reply in turn.replies if reply.kind != "question"]
        turn.notice("paused")


def said_back(turn: Turn, said: Said) -> Reply:
    """What was understood, so that the candidate can see it and put it right."""
    text = say("voice_heard", turn.language, text=said.text)
    of = tuple(each.message for each in said.spoken)
    return Reply(kind="notice", text=text, transcript=Transcript(of=of, text=said.text))
