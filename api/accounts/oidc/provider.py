"""Providers as the settings name them, and what must be true of what they say. Pure."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from api.errors import Refused

SCOPE = ("openid", "email", "profile")


class Provider(msgspec.Struct, frozen=True):
    """Who may say who somebody is. `name` stands in our addresses."""

    name: str
    issuer: str
    client_id: str
    client_secret: str


class Found(msgspec.Struct, frozen=True):
    """What the provider says of itself at `/.well-known/openid-configuration`; more is not read."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class Who(msgspec.Struct, frozen=True):
    """Who somebody is at a provider."""

    subject: str
    email: str
    name: str


class IdClaims(msgspec.Struct, frozen=True):
    """What an ID token must say besides what every JWT library checks."""

    sub: str
    nonce: str
    aud: str | list[str]
    azp: str | None = None
    email: str = ""
    email_verified: bool | str = False
    name: str = ""


def providers(issuers: Sequence[str], ids: Sequence[str], secrets: Sequence[str]) -> dict[str, Provider]:
    """The providers that all three settings name, each as NAME=VALUE."""
    told = [dict(pair.split("=", 1) for pair in pairs if "=" in pair) for pairs in (issuers, ids, secrets)]
    names = [name for name in told[0] if all(name in each for each in told)]
    return {name: Provider(name, *(each[name] for each in told)) for name in names}


def refuse_found(found: Found, provider: Provider) -> str | None:
    """Why we do not believe a provider's own description."""
    if found.issuer.rstrip("/") != provider.issuer.rstrip("/"):
        return f"it calls itself {found.issuer}, not {provider.issuer}"
    for address in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
        if urlsplit(address).scheme != "https":
            return f"{address} is not https"
    return None


def who_is(claims: Mapping[str, object], provider: Provider, nonce: str) -> Who | Refused:
    """The person an ID token speaks of, whose signature, issuer, audience and dates were checked."""
    try:
        said = msgspec.convert(claims, IdClaims)
    except msgspec.ValidationError as error:
        return Refused("bad_token", f"The provider's answer is not as it must be: {error}")
    audiences = [said.aud] if isinstance(said.aud, str) else said.aud
    if said.nonce != nonce or not said.sub or len(said.sub) > 255:
        return Refused("bad_token", "The provider's answer belongs to another attempt: try again.")
    if said.azp not in (None, provider.client_id) or (len(audiences) > 1 and said.azp is None):
        return Refused("bad_token", "The provider's answer is for another program.")
    if not said.email or said.email_verified not in (True, "true"):
        return Refused("forbidden", "The provider does not say that your e-mail address is yours.")
    return Who(said.sub, said.email, said.name)
