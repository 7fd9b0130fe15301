"""The ledger of fusions: what was asked of the vendor, what is paid for, and what became of it."""

from imaging.fusion.ledger.answers import Adoption
from imaging.fusion.ledger.budget import Budget, Spent
from imaging.fusion.ledger.claims import Claim
from imaging.fusion.ledger.ledger import Ledger
from imaging.fusion.ledger.rows import ClaimLostError
from imaging.fusion.ledger.tables import Submission

__all__ = [
    "Adoption",
    "Budget",
    "Claim",
    "ClaimLostError",
    "Ledger",
    "Spent",
    "Submission",
]
