"""How much each check says, in log-odds; judgements until enough outcomes are recorded to fit them.

`passed` is what success adds, `failed` what failure takes away: an answer that does not parse is almost
surely wrong, while one that parses is hardly more likely right. Checks of one kind are correlated, so each
stays below what it would be worth alone. For scale, from a prior of 0.5: +1 gives 7.3, +2 gives 8.8, -1 gives 2.7.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Weight:
    """What passing adds and failing takes away, both in log-odds and not negative."""

    passed: float
    failed: float


# code: what runs says more than what reads well
PARSES = Weight(0.1, 4.0)
SIGNATURE = Weight(0.2, 1.5)
SAFE = Weight(0.1, 2.0)
RUNS = Weight(0.4, 3.0)
REPEATS = Weight(0.1, 0.8)
INDEPENDENT_TESTS = Weight(
    1.8, 3.0
)  # from examples or the meaning of the request's words, not from the writer
MODEL_TESTS = Weight(0.4, 1.0)  # the same model wrote both sides: agreement is weak evidence
TESTS_BITE = Weight(0.3, 0.8)  # the tests fail on a function that does nothing
NOT_RUN = Weight(0.0, 1.0)
UNTESTED = Weight(0.0, 0.8)  # it runs, but nothing says what it should return
SAME_BEHAVIOUR = Weight(1.2, 2.5)
COVERS_REQUEST = Weight(0.3, 0.7)
# a site: its tests come with its template, what they run on is made from the request
SITE_TESTS = Weight(1.4, 3.0)
PAGES = Weight(0.4, 1.0)
LINKS = Weight(0.4, 1.5)
ONLINE = Weight(1.6, 3.0)  # it answers at its address, from outside
UNASKED = Weight(0.0, 1.2)  # a part that was asked for is not in it
# texts
COMPLETE = Weight(0.1, 1.0)
COVERAGE = Weight(0.7, 1.2)
FAITHFUL = Weight(0.6, 2.0)  # a number or name that the source does not hold is invented
GROUNDED = Weight(0.5, 1.2)
REPETITION = Weight(0.1, 2.0)
LENGTH = Weight(0.1, 0.6)
RELEVANT = Weight(0.3, 1.5)
RELEVANT_BY_WORDS = Weight(0.1, 0.5)  # an answer may be right in words of its own
UNSOURCED = Weight(0.0, 0.6)  # an answer from the model's memory: nothing here can check it
MATERIAL_GIVEN = Weight(0.0, 3.0)
OTHER_LANGUAGE = Weight(0.4, 3.0)
# structures
SCHEMA = Weight(0.1, 3.0)
TRACED = Weight(0.6, 1.5)
COVERS_ALL = Weight(0.8, 1.5)
ORDERED = Weight(0.4, 2.0)
RECIPE_PARSES = Weight(0.3, 3.0)
RECIPE_SOUND = Weight(0.6, 1.2)
# platform facts
FACTS_PRESENT = Weight(0.6, 1.0)
NUMBERS_ADD_UP = Weight(0.8, 3.0)
ENOUGH_RUNS = Weight(0.6, 0.4)  # the numbers are right all the same, only what follows from them is not sure
# a wire that was exercised
WIRE_CALL = Weight(1.2, 2.5)
WIRE_ERRORS = Weight(0.4, 1.0)
WIRE_ROUND = Weight(0.6, 2.0)  # pages, repeats, signatures: each tried over HTTP
# the final answer
ALL_PARTS = Weight(0.1, 2.5)
# a plan
PLAN_WHOLE = Weight(0.4, 1.5)
PLAN_BY_WORDS = Weight(1.0, 0.8)  # by rules: the words of each clause name who is needed
PLAN_UNUSABLE = Weight(0.0, 0.8)  # a model was asked for it in vain, so the rules planned
PLAN_BY_MODEL = Weight(0.6, 0.0)  # schema, agents, order and size were checked; its judgement cannot be
PARTS_SUCCEEDED = Weight(0.8, 1.5)
