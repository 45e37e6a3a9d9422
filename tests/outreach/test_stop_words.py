"""Which answers opt a number out, and which are sentences with the word in them."""

import pytest

from pipeline.outreach.stop_words import Command, command_in


@pytest.mark.parametrize(
    "text",
    [
        *("STOP", "StopAll", "unsubscribe", "Cancel", "END", "quit", "REVOKE", "OPTOUT"),
        *("stop!", " Stop. ", "“STOP”", "S T O P", "s.t.o.p", "Stop all", "Opt-out", "opt out"),
        *("ＳＴＯＰ", "st\u200bop", "STOP\n", "*STOP*", "🛑 Stop", "STOP 🙏", "arrêt", "ARRET"),
        "STOP\n\nAna Ruiz",
        "Stop\n--\nAna Ruiz, nurse, ward 7",
        "stop\nSent from my iPhone",
        "Stop\n> Hi Ana, can you start on Monday?",
    ],
)
def test_a_stop_word_in_any_dress_stops(text: str) -> None:
    assert command_in(text) is Command.STOP


@pytest.mark.parametrize("text", ["START", "start.", "Unstop", "Start\nAna Ruiz"])
def test_start_lets_it_in_again(text: str) -> None:
    assert command_in(text) is Command.START


@pytest.mark.parametrize(
    "text",
    [
        *("Can we stop by at 5?", "Stop by tomorrow", "Please don't stop", "I quit my job", ""),
        *("Cancel my interview", "Cancel\nmy interview please", "The end", "Yes", "stopped", "…"),
        "Stop\nat the gate?",
        "When does it start",
        "stop " * 100,
    ],
)
def test_a_sentence_with_the_word_is_no_command(text: str) -> None:
    assert command_in(text) is None


@pytest.mark.parametrize("text", ["ALTO", "alto!", "Álto", "Basta ya"])
def test_a_workspace_has_words_of_its_own(text: str) -> None:
    assert command_in(text) is None
    assert command_in(text, ["Alto", "álto", "BASTA YA"]) is Command.STOP
