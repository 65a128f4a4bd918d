"""Who may become what, and which passwords will do."""

from typing import get_args

import pytest

from api.accounts.account import AccountRole
from api.accounts.rules import email_key, one_line, refuse_password, refuse_role, shortened
from api.rights import Actor, Role

ADMIN = Actor(sub="a1", role="admin", expires_at=0)


def test_people_sign_up_as_customer_vendor_or_rider_and_an_admin_makes_the_rest() -> None:
    """Nobody becomes staff by themselves, nor by a dispatcher's word."""
    by_nobody = {role for role in get_args(AccountRole) if refuse_role(role, None) is None}
    assert {"customer", "vendor", "rider"} == by_nobody
    others: list[Role] = ["customer", "vendor", "rider", "dispatcher", "guest"]
    for role in others:
        assert refuse_role("dispatcher", Actor(sub="x", role=role, expires_at=0)) is not None
    assert [None] * 5 == [refuse_role(role, ADMIN) for role in get_args(AccountRole)]


@pytest.mark.parametrize("weak", ["aaaaaaaa", "12345678", "87654321"[::-1], "abcdefghij", "qwertyuiop", "password",
                                  "PASSWORD", "12121212", "ana@shop.example"])
def test_a_password_that_anybody_would_try_first_is_refused(weak: str) -> None:
    """Runs, repetitions, the word itself and one's own address."""
    refused = refuse_password(weak, "ana@shop.example")
    assert refused is not None
    assert ("weak_password", "password") == (refused.code, refused.field)


@pytest.mark.parametrize("good", ["violet-anchor-42", "correct horse battery staple", "Tr0ub4dor&3", "пароль-дня"])
def test_no_mixture_of_kinds_is_asked_for(good: str) -> None:
    """Length and being unusual are enough."""
    assert refuse_password(good, "ana@shop.example") is None


def test_two_spellings_of_an_address_are_one_account() -> None:
    """Case, blanks around it, and composed accents make no difference."""
    assert email_key(" Ana@Shop.example ") == email_key("ana@shop.EXAMPLE") == "ana@shop.example"
    assert email_key("jose\u0301@shop.example") == email_key("jos\u00e9@shop.example")


def test_an_address_is_kept_as_a_network_only() -> None:
    """/24 and /48; what is no address is not kept at all."""
    assert ["192.0.2.0", "2001:db8:1::", "198.51.100.0", ""] == [
        shortened(address) for address in ("192.0.2.77", "2001:db8:1:2::3", "::ffff:198.51.100.9", "unix:")
    ]


def test_a_programs_name_cannot_break_a_line() -> None:
    """Line ends and escape sequences are left out, and it is cut."""
    assert "Phone[31m" == one_line("Pho\nne\r\x1b[31m\u2028")
    assert 200 == len(one_line("x" * 1000))
