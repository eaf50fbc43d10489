"""Breaker, pause and retry budget, with a clock in the test's hand."""

from routing.circuit import Circuit, RetryBudget

HERE, THERE = ("groq", "a"), ("groq", "b")


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def _opened(clock: Clock) -> Circuit:
    circuit = Circuit(opens_after=5, cool_s=30, clock=clock)
    for _ in range(5):
        assert circuit.admits(HERE)
        circuit.ended(HERE, "bad")
    return circuit


def test_five_failures_in_a_row_open_it_for_this_model_only():
    """The fourth failure leaves it closed, the fifth opens it; a neighbour of the same provider stays open to calls."""
    clock = Clock()
    circuit = Circuit(opens_after=5, clock=clock)
    for _ in range(4):
        circuit.ended(HERE, "bad")
    assert circuit.admits(HERE)
    circuit.ended(HERE, "bad")
    assert not circuit.admits(HERE)
    assert circuit.admits(THERE)


def test_a_success_between_failures_starts_the_count_anew():
    """Four bad, one good, four bad: still closed."""
    circuit = Circuit(opens_after=5)
    for ending in ("bad",) * 4 + ("good",) + ("bad",) * 4:
        circuit.ended(HERE, ending)
    assert circuit.admits(HERE)


def test_half_open_lets_one_probe_through():
    """After 30 s exactly one of two callers may go; the other waits for its ending."""
    clock = Clock()
    circuit = _opened(clock)
    clock.time += 29.9
    assert not circuit.admits(HERE)
    assert 0 < circuit.closed_in_s(HERE) < 0.2
    clock.time += 0.1
    assert [circuit.admits(HERE), circuit.admits(HERE)] == [True, False]


def test_a_good_probe_closes_it_and_a_bad_one_opens_it_again():
    """Good: everybody may go. Bad: another 30 s for everybody."""
    clock = Clock()
    circuit = _opened(clock)
    clock.time += 30
    assert circuit.admits(HERE)
    circuit.ended(HERE, "bad")
    clock.time += 29
    assert not circuit.admits(HERE)
    clock.time += 1
    assert circuit.admits(HERE)
    circuit.ended(HERE, "good")
    assert [circuit.admits(HERE), circuit.admits(HERE)] == [True, True]


def test_a_probe_that_says_nothing_lets_the_next_one_go():
    """A probe answered by 429, cancelled, or never heard of again blocks nobody for long."""
    clock = Clock()
    circuit = _opened(clock)
    clock.time += 30
    assert circuit.admits(HERE)
    circuit.ended(HERE, "neither")
    assert circuit.admits(HERE)
    clock.time += 30
    assert circuit.admits(HERE)


def test_a_pause_is_no_failure_and_ends_by_itself():
    """A used-up rate is waited for; a shorter later pause does not cut it; the breaker stays closed."""
    clock = Clock()
    circuit = Circuit(clock=clock)
    circuit.pause(HERE, 10)
    circuit.pause(HERE, 2)
    assert circuit.paused_s(HERE) == 10
    assert circuit.paused_s(THERE) == 0
    assert circuit.admits(HERE)
    clock.time += 10
    assert circuit.paused_s(HERE) == 0


def test_the_retry_budget_is_a_tenth_of_the_traffic():
    """A reserve of 10 may be spent at once; then every ten first tries earn one retry."""
    budget = RetryBudget()
    assert [budget.spend("groq") for _ in range(11)] == [True] * 10 + [False]
    for _ in range(10):
        budget.earn("groq")
    assert [budget.spend("groq"), budget.spend("groq")] == [True, False]
    assert budget.spend("moonshot")
