"""The OpenAPI description: what is said once for all handlers. /schema serves it as JSON."""

from dataclasses import dataclass

from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Schema,
    SecurityScheme,
    Tag,
)

ABOUT = """Real-time rider tracking for delivery marketplaces.

Errors are RFC 9457 `application/problem+json` with `code`, `retry` and often `field`. Instants are RFC 3339,
coordinates WGS-84 degrees. Live news come over the socket at `/ws`, described in docs/protocol.md.
"""


@dataclass
class ManyForms(Operation):
    """An answer that comes as JSON, GeoJSON, GPX or CSV, as it is asked."""

    def __post_init__(self) -> None:
        """Say so."""
        answer = (self.responses or {}).get("200")
        if isinstance(answer, OpenAPIResponse):
            kinds = ("application/json", "application/geo+json", "application/gpx+xml", "text/csv")
            answer.content = {kind: OpenAPIMediaType(schema=Schema()) for kind in kinds}


def openapi() -> OpenAPIConfig:
    """Title, security and tags. Bearer tokens are asked for everywhere, unless a handler says otherwise."""
    return OpenAPIConfig(
        title="Ridewire",
        version="1",
        description=ABOUT,
        path="/schema",
        render_plugins=[JsonRenderPlugin(path=["/", "/openapi.json"])],
        security=[{"bearer": []}],
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(
                    type="http", scheme="bearer", bearer_format="JWT",
                    description="An access token, or for reading one order's tracking a share link's token.",
                )
            }
        ),
        tags=[
            Tag("accounts", "Signing up, in and out; sessions; oneself; the audit log."),
            Tag("orders", "Placing orders and taking them to the door."),
            Tag("riders", "Where riders are and have been."),
            Tag("phones", "Phone apps that exist already, and the keys they send with."),
            Tag("geofences", "Places whose comings and goings are told."),
            Tag("rooms", "Chat: rooms, what is said in them, and one's own words."),
            Tag("catalog", "What shops sell, and the shops."),
            Tag("analytics", "What people do, and a day in numbers."),
            Tag("operations", "For those who run the service."),
        ],
        use_handler_docstrings=True,
    )
