"""A picture that lies beside the profile, and is served as it is."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

from adherents.insurer.values import wrong

FORMATS = {".svg", ".png"}


def _beside_the_profile(name: Path, info: ValidationInfo) -> Path:
    folder: Path = (info.context or {}).get("folder", Path())
    whole = folder / name
    if whole.suffix.lower() not in FORMATS or not whole.is_file():
        raise wrong("the name of an SVG or PNG file that is beside the profile")
    return whole


Picture = Annotated[
    Path,
    BeforeValidator(lambda text: Path(text) if isinstance(text, str) else text),
    AfterValidator(_beside_the_profile),
]
