from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stridewise.errors import InputError


def test_every_part_is_a_sentence_in_a_fixed_order() -> None:
    error = InputError("It broke", expected="a file", received=3, hint="Try another")
    assert str(error) == "It broke. Expected a file. Received 3. Try another."


def test_parts_that_are_not_given_are_left_out_and_dots_are_not_doubled() -> None:
    assert str(InputError("It broke.")) == "It broke."
    assert str(InputError("It broke", hint="Try another.")) == "It broke. Try another."
    assert str(InputError("It broke", received=0)) == "It broke. Received 0."


def test_it_is_a_value_error() -> None:
    assert issubclass(InputError, ValueError)


def test_what_a_terminal_would_obey_is_taken_out() -> None:
    assert str(InputError("a\x1b[31mb\udcff\x00")) == "a?[31mb??."


@given(st.text(), st.text(), st.text(), st.text())
def test_the_message_is_one_printable_line(what: str, a: str, b: str, c: str) -> None:
    message = str(InputError(what, expected=a, received=b, hint=c))
    assert message.isprintable()
    assert len(message.splitlines()) == 1
    assert "  " not in message
