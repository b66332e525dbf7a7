"""What programs send and are given, one module a subject: pydantic models, and how each is made of a row."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Cursor = Annotated[str | None, Field(description="pass it as `cursor` to go on; null: the list is over")]


class Sent(BaseModel):
    """A body that a program sends: exactly these fields, of exactly these types."""

    model_config = ConfigDict(extra="forbid", strict=True)
