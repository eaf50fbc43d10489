"""Writing down, every few minutes, where the chains stand."""

import logging

from django.core.cache import cache

from tenants.audit import anchors

logger = logging.getLogger(__name__)

SEEN = "audit-anchored:"  # by chain: the number of its newest anchor


def anchor_heads() -> list[anchors.Anchor]:
    """Append an anchor for each chain that has grown since its last one; return them.

    They go to the file and, apart from it, into the log. Forgetting what was seen costs a repeated line, nothing else.
    """
    all_heads = anchors.heads()
    seen = cache.get_many([SEEN + head.chain for head in all_heads])
    grown = [head for head in all_heads if seen.get(SEEN + head.chain) != head.number]
    if grown:
        anchors.append(grown)
        cache.set_many({SEEN + head.chain: head.number for head in grown}, timeout=None)
    for head in grown:
        logger.info("Audit anchor %s", head.line())
    return grown
