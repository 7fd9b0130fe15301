"""English for counts and lists: singular and plural, and where the commas go."""

from collections.abc import Sequence


def counted(count: int, noun: str, plural: str = "") -> str:
    """Write a number with its noun.

    >>> counted(1, "case"), counted(2_000, "study", "studies")
    ('1 case', '2,000 studies')
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def was(count: int) -> str:
    """Return the verb for a number of things."""
    return "was" if count == 1 else "were"


def listed(parts: Sequence[str], last: str = "and") -> str:
    """Join parts as a sentence does.

    >>> listed(["CT", "RTSTRUCT", "RTDOSE"]), listed(["a", "b"], "or")
    ('CT, RTSTRUCT and RTDOSE', 'a or b')
    """
    if len(parts) <= 1:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def quoted(parts: Sequence[str], last: str = "or") -> str:
    """Join keywords, each in quotation marks."""
    return listed([f"“{part}”" for part in parts], last)


def sentence(text: str) -> str:
    """Begin with a capital, and end with a full stop."""
    return f"{text[:1].upper()}{text[1:]}." if text else ""
