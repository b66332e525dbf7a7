"""What was read on a document and confirmed by an agent, as programs are given it."""

from datetime import datetime

from pydantic import BaseModel, Field

from adherents.members import nir
from adherents.reading.models import PaperField
from adherents.reading.selectors import is_nir
from adherents.vault.models import Document


class ConfirmedValue(BaseModel):
    code: str = Field(description="`iban`, `bic`, `holder`, `nir`, `valid_until`…; others may come")
    value: str = Field(
        description="an IBAN without spaces, a day as YYYY-MM-DD, of `holder` how the name compares with the contract's "
        "(`same`, `near`, `other`), of `nir` masked as everywhere in this API"
    )
    page: int = Field(description="where it stands, from 1; of a part: a page of the whole original")
    proofs: list[str] = Field(
        description="what proves it, beside the agent who looked at it: `mod97`, `rib_key`…"
    )
    confirmed_at: datetime


class ConfirmedList(BaseModel):
    items: list[ConfirmedValue]


def confirmed_value(field: PaperField, document: Document) -> ConfirmedValue:
    assert field.judged_at is not None, "confirmed, and so at some moment"
    return ConfirmedValue(
        code=field.code,
        value=nir.mask(field.clear) if is_nir(field) else field.clear,
        page=field.page + (document.first_page or 1) - 1,
        proofs=field.proofs,
        confirmed_at=field.judged_at,
    )
