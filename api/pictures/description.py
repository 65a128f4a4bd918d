"""What an upload looks like, for the OpenAPI description: its handler reads the body itself."""

from dataclasses import dataclass

from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema


@dataclass
class Upload(Operation):
    """A picture as a form's file, or as base64 in JSON."""

    def __post_init__(self) -> None:
        """Say both ways."""
        file = Schema(type=OpenAPIType.STRING, content_media_type="application/octet-stream")
        text = Schema(type=OpenAPIType.STRING, content_encoding="base64", examples=["iVBORw0KGgo="])
        form = Schema(type=OpenAPIType.OBJECT, properties={"file": file}, required=["file"])
        json = Schema(
            type=OpenAPIType.OBJECT, properties={"data": text}, required=["data"], additional_properties=False
        )
        self.request_body = RequestBody(
            required=True, description="JPEG, PNG, WebP or GIF",
            content={
                "multipart/form-data": OpenAPIMediaType(schema=form), "application/json": OpenAPIMediaType(schema=json),
            },
        )
