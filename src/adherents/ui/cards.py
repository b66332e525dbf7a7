"""What a card shows, worked out before its template: a list draws many of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DocumentCard:
    """One document of a list (`ui/elements/document_card.html`).

    `name`: its kind, as the title. `meta`: a line under it; in a brief card, the `day` beside the state instead.
    `state`: a code that `ui.states` knows, with its words; "" shows none. `reason`: why it must be sent again, with its
    language where that is not the page's. `note`: a last line. `format`: « PDF ».
    `picture`: the address of its thumbnail; "" where there is none.
    """

    key: object
    name: str
    meta: str = ""
    day: str = ""
    state: str = ""
    state_label: str = ""
    reason: str = ""
    reason_language: str = ""
    note: str = ""
    format: str = ""
    picture: str = ""
