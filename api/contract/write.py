"""Writes the generated documents into a directory: `python -m api.contract.write docs`."""

import json
import sys
from pathlib import Path
from typing import Any

from api.contract import notices_page
from api.contract.asyncapi import document
from api.contract.page import page
from api.matrix import page as rights_page
from api.personal import page as personal_page
from api.routing import application, face
from infra.settings import Settings


def as_text(described: dict[str, Any]) -> str:
    """Stable JSON, a line per value, so that a change can be read in a diff."""
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"


def openapi() -> dict[str, Any]:
    """The REST part, as /schema serves it."""
    return application(face(Settings())).openapi_schema.to_schema()


def documents() -> dict[str, str]:
    """File name to content."""
    return {
        "asyncapi.json": as_text(document()), "openapi.json": as_text(openapi()), "protocol.md": page(),
        "notifications.md": notices_page.page(), "rights.md": rights_page.page(),
        "personal-data.md": personal_page.page(),
    }


def main() -> None:
    """Write them all."""
    directory = Path(sys.argv[1])
    for name, text in documents().items():
        (directory / name).write_text(text)


if __name__ == "__main__":
    main()
