"""A shop's score, its parts and what to do about them (202606), in the languages the sandbox knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tiktokshop_sandbox import money
from tiktokshop_sandbox.derived.analytics.score import BEST, DAYS, FULFILLMENT, PRODUCT, SERVICE, WEIGHTS
from tiktokshop_sandbox.documents.analytics.figures import Document, portion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiktokshop_sandbox.derived.analytics.score import Score

# Least hundredths of a point -> tier.
_TIERS: Final[Sequence[tuple[int, str]]] = ((450, "EXCELLENT"), (380, "GOOD"), (300, "FAIR"), (0, "POOR"))
_BENEFITS: Final[Sequence[tuple[int, str]]] = ((300, "FLASH_SALE"), (380, "CAMPAIGN_ENTRY"), (450, "FASTER_SETTLEMENT"))
_METRICS: Final[Mapping[str, str]] = {
    PRODUCT: "RETURN_RATE",
    FULFILLMENT: "SELLER_CANCELLATION_RATE",
    SERVICE: "RESPONSE_WITHIN_24_HOURS_RATE",
}
# Percent from which a metric is excellent, and from which it is poor: where its dimension's points cross those tiers.
_BENCHMARKS: Final[Mapping[str, tuple[str, str]]] = {
    PRODUCT: ("3.57", "14.28"),
    FULFILLMENT: ("1.11", "4.44"),
    SERVICE: ("95.00", "80.00"),
}
_MOST_ISSUES: Final = 2
_ENGLISH: Final = "en"

# What is shown, by language: tiers, benefits, metrics, how an issue is put, and a summary.
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    _ENGLISH: {
        "EXCELLENT": "Excellent",
        "GOOD": "Good",
        "FAIR": "Fair",
        "POOR": "Poor",
        "FLASH_SALE": "Flash sales",
        "CAMPAIGN_ENTRY": "Entry to campaigns",
        "FASTER_SETTLEMENT": "Earlier settlement",
        "RETURN_RATE": "Return rate",
        "SELLER_CANCELLATION_RATE": "Orders cancelled by the seller",
        "RESPONSE_WITHIN_24_HOURS_RATE": "Answers within 24 hours",
        "issue": "This is what keeps your score down: {}.",
        "summary": "Points to work on: {}.",
    },
    "es": {
        "EXCELLENT": "Excelente",
        "GOOD": "Buena",
        "FAIR": "Aceptable",
        "POOR": "Baja",
        "FLASH_SALE": "Ventas relámpago",
        "CAMPAIGN_ENTRY": "Acceso a campañas",
        "FASTER_SETTLEMENT": "Liquidación anticipada",
        "RETURN_RATE": "Tasa de devoluciones",
        "SELLER_CANCELLATION_RATE": "Pedidos cancelados por el vendedor",
        "RESPONSE_WITHIN_24_HOURS_RATE": "Respuestas en 24 horas",
        "issue": "Esto baja tu puntuación: {}.",
        "summary": "Puntos por mejorar: {}.",
    },
}


def score_document(score: Score, locale: str) -> Document:
    """The score as the platform shows it; a shop without orders has none, and no tier."""
    words = _words(locale)
    number, name = score.category
    shown: Document = {
        "evaluate_duration_days": DAYS,
        "start_evaluation_time": score.start,
        "end_evaluation_time": score.end,
        "update_time": score.drawn_up,
        "primary_category": {"category_id": number, "category_name": name},
    }
    if not score.dimensions:
        return shown
    tier = _tier(score.whole)
    return shown | {
        "sps_score": _points(score.whole),
        "sps_tier": tier,
        "sps_tier_text": words[tier],
        "peer_percentile": _percentile(score.whole),
        "dimensions": [_dimension(score, name, words) for name in WEIGHTS],
        "benefits": [
            {"benefit_name": words[name], "is_unlocked": score.whole >= least, "unlock_score": _points(least)}
            for least, name in _BENEFITS
        ],
        "top_issues": _issues(score, words),
    }


def metric_documents(score: Score, locale: str) -> list[Document]:
    """What the score is made of: a metric for each dimension; none for a shop without orders."""
    words = _words(locale)
    return [_metric(score, name, words) for name in score.dimensions]


def _words(locale: str) -> Mapping[str, str]:
    return _WORDS.get(locale.partition("-")[0].lower(), _WORDS[_ENGLISH])


def _metric(score: Score, name: str, words: Mapping[str, str]) -> Document:
    tier = _tier(score.dimensions[name])
    excellent, poor = _BENCHMARKS[name]
    shown: Document = {
        "metric_code": _METRICS[name],
        "metric_name": words[_METRICS[name]],
        "dimension": name,
        "value": money.text(score.rates[name], 2),
        "value_unit": "PERCENT",
        "score": _points(score.dimensions[name]),
        "status": tier,
        "status_text": words[tier],
        "benchmarks": {"excellent_threshold": excellent, "poor_threshold": poor},
        "evaluate_duration_days": DAYS,
        "start_evaluation_time": score.start,
        "end_evaluation_time": score.end,
    }
    reason = words["issue"].format(words[_METRICS[name]])
    return shown if tier == _TIERS[0][1] else shown | {"top_reason_text": reason}


def _dimension(score: Score, name: str, words: Mapping[str, str]) -> Document:
    tier = _tier(score.dimensions[name])
    return {
        "name": name,
        "score": _points(score.dimensions[name]),
        "status": tier,
        "status_text": words[tier],
        "weight": money.text(WEIGHTS[name], 2),
    }


def _issues(score: Score, words: Mapping[str, str]) -> Document:
    worst = sorted(score.dimensions, key=lambda name: score.dimensions[name])[:_MOST_ISSUES]
    names = ", ".join(words[_METRICS[name]] for name in worst)
    issues = [
        {
            "rank": rank,
            "metric_code": _METRICS[name],
            "metric_name": words[_METRICS[name]],
            "description": words["issue"].format(words[_METRICS[name]]),
            "percentile": _percentile(score.dimensions[name]),
            "evaluate_duration_days": DAYS,
            "start_evaluation_time": score.start,
            "end_evaluation_time": score.end,
        }
        for rank, name in enumerate(worst, 1)
    ]
    return {"issues": issues, "summary": words["summary"].format(names)}


def _tier(points: int) -> str:
    return next(tier for least, tier in _TIERS if points >= least)


def _points(points: int) -> str:
    return money.text(points, 2)


def _percentile(points: int) -> str:
    """How many of a hundred comparable shops do worse."""
    return str(portion(points, 99, BEST))
