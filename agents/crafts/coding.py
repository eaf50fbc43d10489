"""Write one function and its test, try them in the sandbox, and try again where they fail.

Templates used by a strong model: "code" (does, head, request), "tests" (does, head, module, function),
"repair" (request, code, fault); by a small one those of `SMALL_TRIES`, with worked examples.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from agents.contract import Evidence, ModelUnavailable, Reply
from agents.crafts.asking import Asker
from agents.crafts.known import known_code
from agents.crafts.worked import nearest_worked, source_of
from agents.text import grammars
from agents.text.code import blocks, only_definitions, parse, python_of
from agents.text.interface import Interface
from agents.text.unittests import over_f, unittest_module
from agents.verifiers import code as checks_of
from agents.verifiers.code import Trial
from agents.verifiers.properties import properties

REPAIRS = 2
# A small model does not learn from an error message; asking it another way helps more, at about a second a try.
# (template, temperature, whether the docstring is given). Of 35 one-line functions "plain" alone solved 18, the
# others 16 or 17 each, the first four together 25; warm tries of these added none, and mend an unlucky cold one.
SMALL_TRIES = (
    ("plain", 0.0, False),
    ("twice_shown", 0.0, True),
    ("last", 0.0, True),
    ("shown", 0.0, True),
    ("twice_shown", 0.7, True),
    ("plain", 0.6, False),
)
ALIKE = 0.85  # a remembered task this similar may lend its code; the checks decide all the same


@dataclass(frozen=True)
class Piece:
    """Code with its test and what came of trying it; `origin` says who wrote the code, `judge` where the tests come from."""

    code: str
    tests: str
    trial: Trial
    evidence: tuple[Evidence, ...]
    origin: str
    judge: str
    tries: int = 1

    @property
    def sound(self) -> bool:
        """True where no check failed."""
        return bool(self.code) and all(one.passed or one.check in checks_of.OPEN for one in self.evidence)

    @property
    def weight(self) -> float:
        """How much speaks for it, to choose between tries."""
        return sum(one.weight if one.passed else -one.weight for one in self.evidence)


Best = Callable[[], Piece | None]


def write_function(ask: Asker, wanted: Interface, *, request: str, material: str = "") -> Piece:
    """Return the first try that passes every check, or the best of the tries; raises ModelUnavailable."""
    arity = len(wanted.parameters)
    said = [over_f(one.call, one.value, wanted.name) for one in wanted.examples]
    checks = [*said, *properties(spoken(wanted), arity=arity)]
    judge = "the request" if checks else "the signature"
    tests = _tests(ask, wanted, checks)
    if not checks and tests:
        judge = "the model"
    pieces: list[Piece] = []
    for origin, source in _candidates(ask, wanted, request, lambda: pieces[-1] if pieces else None):
        piece = _tried(ask, wanted, source, tests=tests, judge=judge, material=material)
        pieces.append(replace(piece, origin=origin))
        ask.bench.judge(piece.evidence)
        if piece.sound or not piece.trial.ran:
            break
        ask.bench.note(f"Try {len(pieces)} does not pass: {fault_of(piece)}")
    return replace(max(pieces, key=lambda piece: piece.weight), tries=len(pieces))


def known_function(ask: Asker, wanted: Interface) -> Piece | None:
    """Return a plain function for what is asked, tried on the tests the request implies; None where there is none."""
    names = tuple(name for name, _ in wanted.parameters)
    source = known_code(spoken(wanted), wanted.head, names)
    checks = [over_f(one.call, one.value, wanted.name) for one in wanted.examples]
    checks += properties(spoken(wanted), arity=len(names))
    if not source or not checks:
        return None
    title = f"What the request says of {wanted.name}."
    tests = unittest_module(wanted.name, wanted.name, checks, title=title)
    piece = _tried(ask, wanted, source, tests=tests, judge="the request", material="")
    return replace(piece, origin="a known rule")


def spoken(wanted: Interface) -> str:
    """Return what the function does so that it stands alone: "counts its words" is "counts the words of the text"."""
    if " its " not in f" {wanted.does} " or len(wanted.parameters) != 1:
        return wanted.does
    return f" {wanted.does} ".replace(" its ", " the ", 1).strip() + f" of the {wanted.parameters[0][0]}"


def _candidates(ask: Asker, wanted: Interface, request: str, best: Best) -> Iterator[tuple[str, str]]:
    """Yield (origin, code) until nobody asks for more."""
    if ask.capable():
        yield from _repaired(ask, wanted, request, best)
        return
    yield from _sampled(ask, wanted)
    for one in ask.bench.recall(request):
        code = next((block.code for block in blocks(one.output) if f"def {wanted.name}(" in block.code), "")
        if one.similarity >= ALIKE and code:
            yield "memory of a similar task", code


def _repaired(ask: Asker, wanted: Interface, request: str, best: Best) -> Iterator[tuple[str, str]]:
    reply = ask("code", does=spoken(wanted), request=request, head=wanted.head, max_output_tokens=1500)
    yield reply.model, python_of(reply.text)
    for _ in range(REPAIRS):
        held = best()
        if held is None:
            return
        reply = ask("repair", request=request, code=held.code, fault=fault_of(held), max_output_tokens=1500)
        yield reply.model, python_of(reply.text)


def _sampled(ask: Asker, wanted: Interface) -> Iterator[tuple[str, str]]:
    """Ask a small model in several ways; the grammar holds it to the signature and to code alone."""
    does = spoken(wanted)
    plain = f"{wanted.head}\n"
    told = plain + '    """{}{}."""\n'.format(does[:1].upper(), does[1:].replace("\\", "").replace('"', "'"))
    shown = nearest_worked(does, embed=ask.vectors, count=3)
    for name, temperature, with_docstring in SMALL_TRIES:
        head = told if with_docstring else plain
        reply = ask(
            name,
            does=does,
            head=head,
            signature=wanted.head.removeprefix("def ").rstrip(":"),
            near=shown[-1].does,
            near_code=source_of(shown[-1]),
            next=shown[-2].does,
            next_code=source_of(shown[-2]),
            all_code="\n\n".join(map(source_of, shown)),
            grammar=grammars.python(head),
            max_output_tokens=170,
            temperature=temperature,
        )
        yield reply.model, python_of(reply.text)


def _tests(ask: Asker, wanted: Interface, checks: Sequence[str]) -> str:
    """Return the test module: from the request where it says enough, else from a capable model, else none."""
    if checks:
        return unittest_module(
            wanted.name, wanted.name, checks, title=f"What the request says of {wanted.name}."
        )
    if not ask.capable():
        return ""
    try:
        reply: Reply = ask(
            "tests",
            does=spoken(wanted),
            head=wanted.head,
            module=wanted.name,
            function=wanted.name,
            max_output_tokens=1000,
        )
    except ModelUnavailable:
        return ""
    source = python_of(reply.text)
    tree, _ = parse(source)
    return source if tree is not None and "unittest" in source and wanted.name in source else ""


def _tried(ask: Asker, wanted: Interface, source: str, *, tests: str, judge: str, material: str) -> Piece:
    code = only_definitions(source)
    arity = len(wanted.parameters)
    before = (
        checks_of.parses(code),
        checks_of.signature(code, name=wanted.name, arity=arity),
        checks_of.safe(code),
    )
    if not all(one.passed for one in before):
        return Piece(code, tests, Trial(reason="not tried", ran=True), before, "", judge)
    files = {f"{wanted.name}.py": code} | ({f"test_{wanted.name}.py": tests} if tests else {})
    textual = arity == 1 and wanted.parameters[0][1] in {"str", ""}
    trial = checks_of.try_out(
        ask.bench,
        files,
        module=wanted.name,
        name=wanted.name,
        samples=checks_of.samples([kind for _, kind in wanted.parameters]),
        tests=f"test_{wanted.name}" if tests else "",
        apply=material if material and textual else None,
    )
    after = checks_of.run_evidence(trial, returns=wanted.returns, independent=judge == "the request")
    return Piece(code, tests, trial, (*before, *after), "", judge)


def fault_of(piece: Piece) -> str:
    """Return the first failed check in words, for the repair and for the reader."""
    failed = (one for one in piece.evidence if not one.passed and one.check not in checks_of.OPEN)
    return next((f"{one.check}: no. {one.detail}".strip() for one in failed), "")
