"""What is wrong in a profile, in sentences: file, line, key, and what it should be."""

import difflib
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from adherents.insurer.toml_lines import KeyPath, line_of
from adherents.insurer.values import Expected


def sentences(
    error: ValidationError, *, root: type[BaseModel], lines: dict[KeyPath, int], name: str
) -> list[str]:
    """One sentence a fault, in the order of the file, each starting with « name, line N: »."""
    line_and_sentence = sorted(
        (line_of(fault["loc"], lines), _sentence(fault, root)) for fault in error.errors()
    )
    return [f"{name}, line {line}: {sentence}" for line, sentence in dict.fromkeys(line_and_sentence)]


def _sentence(fault: ErrorDetails, root: type[BaseModel]) -> str:
    key_path = fault["loc"]
    key = dotted(key_path)
    if fault["type"] == "missing":
        return f"{key} is missing; it should be {expected(root, key_path)}"
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(key_path[-1]), _known_keys(root, key_path[:-1]), n=1)
        if near:
            return f"{key} is not a key of a profile; should it be {dotted((*key_path[:-1], near[0]))}?"
        known = ", ".join(_known_keys(root, key_path[:-1]))
        return f"{key} is not a key of a profile; should it be one of {known}"
    should_be = fault["ctx"]["should_be"] if fault["type"] == "profile" else expected(root, key_path)
    return f"{key} is {_shown(fault['input'])}; it should be {should_be}"


def dotted(key_path: KeyPath) -> str:
    """A key as people write it: `documents.kinds[2].fr`."""
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in key_path]
    return "".join(parts).removeprefix(".") or "the profile"


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping | BaseModel):
        return "a table"
    if isinstance(value, list | tuple) and len(value) > 5:
        return f"a list of {len(value)}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_shown, value))}]"
    return str(value)


def expected(root: type[BaseModel], key_path: KeyPath) -> str:
    """What the value at `key_path` should be, from the model's own types and bounds."""
    annotation: Any = root
    metadata: list[Any] = []
    for part in key_path:
        annotation = _plain(annotation)
        if isinstance(part, int):
            annotation = next((inner for inner in get_args(annotation) if inner is not Ellipsis), Any)
            metadata = []
        elif (
            isinstance(annotation, type)
            and issubclass(annotation, BaseModel)
            and part in annotation.model_fields
        ):
            field: FieldInfo = annotation.model_fields[part]
            annotation, metadata = field.annotation, list(field.metadata)
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            metadata += [rule for extra in more for rule in _rules(extra)]
    return _described(annotation, metadata)


def _plain(annotation: Any) -> Any:
    """`Table` for `Table | None`."""
    if get_origin(annotation) in (Union, types.UnionType):
        return next(inner for inner in get_args(annotation) if inner is not type(None))
    return annotation


def _rules(extra: Any) -> list[Any]:
    return list(extra.metadata) if isinstance(extra, FieldInfo) else [extra]


def _described(annotation: Any, metadata: list[Any]) -> str:
    plain = _plain(annotation)
    if get_origin(plain) is Annotated:
        plain, *more = get_args(plain)
        metadata = [*metadata, *more]
    for rule in metadata:
        if isinstance(rule, Expected):
            return rule.words
    if plain is bool:
        return "true or false"
    if plain is int:
        low = next((rule.ge for rule in metadata if isinstance(rule, annotated_types.Ge)), None)
        high = next((rule.le for rule in metadata if isinstance(rule, annotated_types.Le)), None)
        return f"a whole number from {low} to {high}"
    if get_origin(plain) is Literal:
        return "one of " + ", ".join(f'"{choice}"' for choice in get_args(plain))
    if get_origin(plain) is tuple:
        inner = get_args(plain)[0]
        return f"a list, each part {_described(inner, [])}"
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        return "a table with " + ", ".join(plain.model_fields)
    return {"date": "a date such as 2026-12-24, without quotes", "Path": "the name of a file"}.get(
        getattr(plain, "__name__", ""), "a text"
    )


def _known_keys(root: type[BaseModel], key_path: KeyPath) -> list[str]:
    return list(_fields_at(root, key_path))


def _fields_at(root: type[BaseModel], key_path: KeyPath) -> Iterator[str]:
    annotation: Any = root
    for part in key_path:
        annotation = _plain(annotation)
        if isinstance(part, int):
            annotation = get_args(annotation)[0]
        else:
            annotation = annotation.model_fields[part].annotation
    yield from _plain(annotation).model_fields
