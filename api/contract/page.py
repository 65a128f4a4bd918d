"""The socket as a page for people who write clients: tables made from the types, below page.md."""

from pathlib import Path
from typing import Any

from api.contract import said
from api.contract.asyncapi import about, document, requests, tag
from api.contract.said_in_rooms import Nothing, TypingNow
from api.contract.words import Said
from api.errors import MEANINGS
from api.socket.codes import COME_BACK_BELOW, ENDINGS
from api.socket.limits import Limits

TOP = Path(__file__).with_name("page.md")


def fields(schema: dict[str, Any]) -> list[tuple[str, str]]:
    """Each field of a schema but `type`, with what it may be."""
    needed = set(schema.get("required", ()))
    return [
        (name if name in needed else f"{name}?", kind(of))
        for name, of in schema.get("properties", {}).items() if name != "type"
    ]


def kind(of: dict[str, Any]) -> str:
    """A JSON schema in a few words."""
    if "$ref" in of:
        return str(of["$ref"]).rsplit("/", 1)[1]
    if "enum" in of:
        return " \\| ".join(str(value) for value in of["enum"])
    if "anyOf" in of:
        return " \\| ".join(kind(each) for each in of["anyOf"])
    if of.get("type") == "array":
        return f"[{kind(of.get('items', {}))}]"
    low, high = of.get("minimum", of.get("minLength")), of.get("maximum", of.get("maxLength"))
    named = str(of.get("type", "any"))
    if low is None and high is None:
        return named
    return f"{named} {'' if low is None else low}…{'' if high is None else high}"


def described(name: str, schema: dict[str, Any], answer: str = "") -> list[str]:
    """A heading, a sentence and a table."""
    lines = [f"### `{name}`", "", schema.get("description", "").replace("\n", " ").strip()]
    lines += ["", f"Answer: `{answer}` or `error`."] if answer and answer != tag(Nothing) else []
    rows = [f"| `{field}` | {what} |" for field, what in fields(schema)]
    return [*lines, "", *(["| field | is |", "|---|---|", *rows, ""] if rows else [])]


EPHEMERAL: tuple[type[Said], ...] = (TypingNow,)
ABOUT_THE_SOCKET: tuple[type[Said], ...] = (said.Unsubscribed, said.Gap, said.Bye)


def classes() -> dict[str, str]:
    """Which pushes each class holds: those with an `offset` are items of a log."""
    logged = [each for each in said.PUSHES if "offset" in each.__struct_fields__]
    others = {*logged, *EPHEMERAL, *ABOUT_THE_SOCKET}
    kinds = {
        "LOG_MESSAGES": logged, "LATEST_MESSAGES": [each for each in said.PUSHES if each not in others],
        "EPHEMERAL_MESSAGES": list(EPHEMERAL),
    }
    return {name: ", ".join(f"`{tag(each)}`" for each in members) for name, members in kinds.items()}


def codes() -> list[str]:
    """The tables of error and close codes."""
    lines = ["## Error codes", "", "| code | means | may work later | over HTTP |", "|---|---|---|--:|"]
    for name, row in MEANINGS.items():
        lines.append(f"| `{name}` | {row.title} | {'yes' if row.retry else 'no'} | {row.status} |")
    lines += ["", "## Close codes", "", "From 4000 to 4499: come back by yourself, with jitter. From 4500: do not."]
    lines += ["", "| code | says | come back within ms |", "|--:|---|---|"]
    for code, (reason, (least, most)) in sorted(ENDINGS.items()):
        back = f"{least} … {most}" if 4000 <= code < COME_BACK_BELOW else "–"
        lines.append(f"| {int(code)} | {reason} | {back} |")
    return lines


def page() -> str:
    """All of it as markdown."""
    limits, schemas = Limits(), document()["components"]["schemas"]
    top = TOP.read_text().replace("AUTH_S", f"{limits.auth_within_s:.0f}")
    for name, members in classes().items():
        top = top.replace(name, members)
    lines = [top.replace("MESSAGE_BYTES", str(limits.message_bytes)), "## What a client says", ""]
    for command in requests():
        lines += described(tag(command), schemas[command.__name__], tag(said.ANSWERS[tag(command)]))
    lines += ["## What the server says", ""]
    answers: list[type[Said]] = [*said.ANSWERS.values(), *said.PUSHES, said.Failed]
    told = [each for each in dict.fromkeys(answers) if each is not Nothing]
    for each in told:
        lines += described(tag(each), {**schemas[each.__name__], "description": about(each)})
    named = {command.__name__ for command in requests()} | {each.__name__ for each in told}
    lines += ["## Parts of messages", ""]
    for name in sorted(set(schemas) - named):
        lines += described(name, schemas[name])
    return "\n".join([*lines, *codes()]) + "\n"
