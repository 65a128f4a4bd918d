"""Refresh tokens, cookies and CSRF tokens: made by this service or refused."""

from hypothesis import given
from hypothesis import strategies as st

from api.accounts.seals import COOKIE, REFRESH, Seals, Shown, read

SID, SEED = "a" * 32, b"s" * 32
OLD, NEW = "o" * 40, "n" * 40
SEALS = Seals([NEW, OLD])


def shown(token: str, prefix: str = REFRESH) -> Shown:
    found = read(token, prefix)
    assert found is not None
    return found


def test_a_token_is_good_for_its_purpose_session_number_and_seed_alone() -> None:
    """Each part that differs breaks the seal."""
    mine = shown(SEALS.refresh(SID, SEED, 3))
    assert SEALS.holds("refresh", mine, SEED)
    assert not SEALS.holds("refresh", Shown(SID, 4, mine.seal), SEED)
    assert not SEALS.holds("refresh", Shown("b" * 32, 3, mine.seal), SEED)
    assert not SEALS.holds("refresh", mine, b"t" * 32)
    assert not SEALS.holds("cookie", mine, SEED)
    assert not SEALS.holds("refresh", Shown(SID, 0, shown(SEALS.cookie(SID, SEED), COOKIE).seal), SEED)


def test_a_token_outlives_one_change_of_the_secret_and_not_two() -> None:
    """Sealed with yesterday's secret it holds while that secret is on the ring."""
    before = shown(Seals([OLD]).refresh(SID, SEED, 0))
    assert SEALS.holds("refresh", before, SEED)
    assert not Seals([NEW]).holds("refresh", before, SEED)


@given(st.text(max_size=250) | st.from_regex(r"rwr_[a-z0-9]{0,40}\.[0-9²]{0,12}\.\w{0,60}", fullmatch=True))
def test_whatever_is_shown_is_read_or_refused(token: str) -> None:
    """No text makes the reader fail, and none that we did not make holds."""
    found = read(token, REFRESH)
    assert found is None or not SEALS.holds("refresh", found, SEED)
