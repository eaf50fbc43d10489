"""Meter events, their summaries, and credit grants."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from miosa.testing.stripe_double.world import Refusal, World

Given = dict[str, Any]
OLDEST_S, NEWEST_S, UNIQUE_S = 35 * 86_400, 300, 86_400
HOUR_S = 3600


def send(world: World, given: Given) -> Any:
    """An identifier counts once within a day; a time too old or ahead is refused."""
    at = given.get("timestamp", world.now)
    if at < world.now - OLDEST_S or at > world.now + NEWEST_S:
        raise Refusal(400, "The timestamp is not within the past 35 calendar days.", param="timestamp")
    identifier = given.get("identifier") or world.new("id")
    earlier = [one for one in world.usage if one["identifier"] == identifier]
    if any(one["received"] > world.now - UNIQUE_S for one in earlier):
        raise Refusal(400, f"An event already exists with identifier {identifier}.", param="identifier")
    meter = next(
        (one for one in world.all("billing.meter") if one["event_name"] == given["event_name"]), None
    )
    if meter is None:
        raise Refusal(400, "No meter has this event name.", param="event_name")
    event = {
        "object": "billing.meter_event",
        "created": world.now,
        "livemode": False,
        "event_name": given["event_name"],
        "identifier": identifier,
        "payload": given["payload"],
        "timestamp": at,
    }
    value = Decimal(given["payload"][meter["value_settings"]["event_payload_key"]])
    if value != value.to_integral_value():
        raise Refusal(400, "The value has to be a whole number.", param="payload")
    customer = given["payload"][meter["customer_mapping"]["event_payload_key"]]
    world.get(customer, "customer")
    world.usage.append(
        {"identifier": identifier, "customer": customer, "at": at, "value": int(value), "received": world.now}
    )
    return event


def summaries(world: World, given: Given, meter: str) -> Any:
    """By hour or day, newest first; or one of the whole. Boundaries are aligned to the window, or the minute."""
    world.get(meter, "billing.meter")
    window = {"hour": HOUR_S, "day": 86_400}.get(given.get("value_grouping_window", ""), 0)
    start, end = given["start_time"], given["end_time"]
    if start % (window or 60) or end % (window or 60) or start >= end:
        raise Refusal(400, "start_time and end_time must align with the grouping window.", param="start_time")
    sums: dict[int, int] = defaultdict(int)
    for one in counted(world, given["customer"], start, end):
        sums[one["at"] - (one["at"] - start) % window if window else start] += one["value"]
    return [
        {
            "id": world.new("mtrsum"),
            "object": "billing.meter_event_summary",
            "aggregated_value": value,
            "start_time": begin,
            "end_time": begin + window if window else end,
            "livemode": False,
            "meter": meter,
        }
        for begin, value in sorted(sums.items(), reverse=True)
    ]


def counted(world: World, customer: str, start: int, end: int) -> list[dict[str, Any]]:
    """Return the usage of a customer in a period that the summaries know already."""
    return [
        one
        for one in world.usage
        if one["customer"] == customer
        and start <= one["at"] < end
        and one["received"] <= world.now - world.lag_s
    ]


def give_credit(world: World, given: Given) -> Any:
    world.get(given["customer"], "customer")
    for name in ("effective_at", "expires_at"):
        if given.get(name) is not None and given[name] <= world.now:
            raise Refusal(400, f"{name} has to be in the future.", param=name)
    given.setdefault("metadata", {})
    given.setdefault("effective_at", world.now)
    return world.make("billing.credit_grant", "credgr", updated=world.now, **given)


def list_credits(world: World, given: Given) -> Any:
    return world.all(
        "billing.credit_grant", **({"customer": given["customer"]} if "customer" in given else {})
    )


def end_credit(world: World, _given: Given, identifier: str) -> Any:
    grant = world.get(identifier, "billing.credit_grant")
    grant["expires_at"] = grant["updated"] = world.now
    return grant
