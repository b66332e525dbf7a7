"""What names a document that an agent made of others: it would be lost, or lose it, if that were undone."""

from adherents.vault.models import Document


def is_named(made: Document) -> bool:
    """Whether a row names it that would go with it, or lose it; but for its place in the queue and what is kept of that."""
    for relation in Document._meta.related_objects:
        if relation.name == "item":
            continue
        rows = relation.related_model._base_manager.filter(**{relation.field.name: made})
        if rows.exists():
            return True
    return False
