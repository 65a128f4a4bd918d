"""What a product or a service is. Prices are whole minor units of their currency: 1250 PHP is 12.50 pesos."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

Kind = Literal["product", "service"]
MOST_PRICE, MOST_STOCK = 10**12, 10**9

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=120, examples=["Mango, ripe"])]
Words = Annotated[str, msgspec.Meta(max_length=2000, examples=["Picked this morning."])]
Category = Annotated[
    str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,39}$", description="lower case, one word", examples=["fruit"])
]
Price = Annotated[int, msgspec.Meta(ge=0, le=MOST_PRICE, description="minor units of the currency", examples=[1250])]
Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", description="ISO 4217", examples=["PHP"])]
Stock = Annotated[int, msgspec.Meta(ge=0, le=MOST_STOCK, examples=[10])]
Minutes = Annotated[int, msgspec.Meta(ge=5, le=1440, description="how long an appointment takes", examples=[30])]


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """A picture in its three sizes, each by the name its content gives it."""

    id: str
    small: str
    medium: str
    large: str


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """Something a vendor sells, at revision `rev`. `stock` is None where nobody counts."""

    id: str
    vendor: str
    kind: Kind = "product"
    name: str
    description: str = ""
    category: str
    price: int
    currency: str
    stock: int | None = None
    duration_min: int | None = None
    images: tuple[Image, ...] = ()
    rev: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def in_stock(self) -> bool:
        """Whether anything is left."""
        return self.stock is None or self.stock > 0
