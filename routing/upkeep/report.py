"""Shows a check of the catalogue: a table for people, JSON for programs."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import groupby

from billing.money import format_usd
from routing.upkeep.finding import Check, Finding, Offer

HEADER = ("model", "source", "verdict", "what")
SHOWN_NEW = 12  # of one provider: lists hold speech and image models too, and --json names all


def as_json(check: Check) -> str:
    """One line: `sound`, `counts` by verdict, `price_list`, `providers`, and `findings` as they were made."""
    return json.dumps(
        {
            "sound": check.sound,
            "counts": check.counts,
            "price_list": check.price_list,
            "providers": [_provider(offer) for offer in check.offers],
            "findings": [asdict(finding) for finding in check.findings],
        }
    )


def as_lines(check: Check) -> Iterator[str]:
    """The table, what was new at the providers, who was asked, and the sums."""
    yield from _aligned([HEADER, *_rows(check.findings)])
    yield ""
    yield from _new(check.findings)
    for offer in check.offers:
        yield _printable(f"{offer.provider}: {offer.said}")
    told = ", ".join(f"{count} {verdict}" for verdict, count in check.counts.items())
    yield f"{check.price_list}: installed with the product, nobody was asked"
    yield f"{'sound' if check.sound else 'NOT SOUND'}: {told}"


def _provider(offer: Offer) -> dict[str, object]:
    answered = offer.windows is not None
    return {"name": offer.provider, "asked": offer.asked, "answered": answered, "said": offer.said}


def _rows(findings: Iterable[Finding]) -> Iterator[tuple[str, str, str, str]]:
    """What agrees or is unknown shares a row per model, source and note; each trouble has its own."""
    known = (finding for finding in findings if finding.verdict != "new")
    for (model, source), of_source in groupby(known, key=lambda one: (one.model, one.source)):
        quiet: dict[tuple[str, str], list[str]] = {}
        for finding in of_source:
            if finding.verdict in {"same", "unknown"}:
                quiet.setdefault((finding.verdict, finding.note), []).append(finding.fact)
            else:
                yield model, source, finding.verdict, _told(finding)
        for (verdict, note), facts in quiet.items():
            yield model, source, verdict, _noted(", ".join(facts), note)


def _told(finding: Finding) -> str:
    if finding.theirs is None:
        return finding.note or finding.fact
    by = "" if finding.percent is None else f" ({finding.percent:+.1f} %)"
    sides = f"ours {_figure(finding, finding.ours)}, theirs {_figure(finding, finding.theirs)}"
    return _noted(f"{finding.fact}: {sides}{by}", finding.note)


def _figure(finding: Finding, value: int | None) -> str:
    if value is None:
        return "none"
    return f"{format_usd(value)} per million" if "price" in finding.fact else f"{value:,} tokens"


def _noted(text: str, note: str) -> str:
    return f"{text} ({note})" if note else text


def _new(findings: Iterable[Finding]) -> Iterator[str]:
    fresh = [finding for finding in findings if finding.verdict == "new"]
    for provider, of_provider in groupby(fresh, key=lambda one: one.provider):
        names = [finding.model for finding in of_provider]
        more = f" and {len(names) - SHOWN_NEW} more" if len(names) > SHOWN_NEW else ""
        yield _printable(f"new at {provider}, not in the catalogue: {', '.join(names[:SHOWN_NEW])}{more}")


def _aligned(rows: list[tuple[str, str, str, str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER) - 1)]
    for *cells, last in rows:
        padded = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        yield _printable(f"{padded}  {last}")


def _printable(text: str) -> str:
    """Providers name their models as they like; a terminal must not obey them."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
