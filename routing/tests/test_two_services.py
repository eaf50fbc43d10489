"""Decision and call together: two services that speak the wire stand in for Groq and Kimi."""

import threading
from collections.abc import Iterator

import pytest

from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from routing.attempts import Answered, Attempts
from routing.catalog_file import catalog
from routing.messages import Message, Prompt
from routing.requirement import Requirement
from routing.router import decide
from routing.scoreboard import Scoreboard


class Services:
    """Both services, and the way from a requirement to an answer."""

    def __init__(self, groq: WireServer, kimi: WireServer) -> None:
        self.groq, self.kimi = groq, kimi
        variables = {
            "GROQ_API_KEY": "gsk_test",
            "GROQ_BASE_URL": groq.url,
            "KIMI_API_KEY": "sk-test",
            "KIMI_BASE_URL": kimi.url,
        }
        self.attempts = Attempts.connected(catalog(), variables)
        self.board = Scoreboard(catalog(), providers=self.attempts.providers)

    def ask(self, requirement: Requirement, text: str = "hello") -> Answered:
        choice = decide(self.board, requirement)
        return self.attempts.collect(
            [catalog().model(name) for name in choice.order], Prompt((Message("user", text),))
        )


@pytest.fixture
def services() -> Iterator[Services]:
    """Two servers on real sockets that say who they are."""
    with WireServer(lambda _: Reply("groq here")) as groq, WireServer(lambda _: Reply("kimi here")) as kimi:
        yield Services(groq, kimi)


def test_kimi_leads_the_orchestration_and_groq_serves_what_must_be_fast(services):
    """The plan is asked of Kimi, the quick sub-task of Groq; each service hears only its own."""
    assert services.ask(Requirement("orchestration")).completion.text == "kimi here"
    assert services.ask(Requirement("summarize", "speed")).completion.text == "groq here"
    assert [asked.model for asked in services.kimi.chats()] == ["kimi-k3.1-pro-highspeed"]
    assert [asked.model for asked in services.groq.chats()] == ["openai/gpt-oss-20b"]
    assert services.kimi.chats()[0].headers["authorization"] == "Bearer sk-test"


def test_when_groq_refuses_everything_kimi_answers_the_fast_work(services):
    """An invalid Groq key: each of its models refuses once, then the next service answers, and the answer says who."""
    services.groq.script = lambda _: Reply(status=401, error={"message": "Invalid API Key"})
    answer = services.ask(Requirement("chat", "speed"))
    assert (answer.model.provider, answer.completion.text) == ("moonshot", "kimi here")
    refused = [record for record in answer.attempts if not record.ok]
    assert refused
    assert {(record.provider, record.status) for record in refused} == {("groq", 401)}


def test_thirty_calls_at_once_each_get_their_own_answer(services):
    """Thirty threads over shared connections: nobody reads another's words."""
    services.groq.script = lambda asked: Reply(f"for {asked.prompt}", gap_s=0.01)
    answers: dict[str, str] = {}

    def ask(text: str) -> None:
        answers[text] = services.ask(Requirement("chat", "speed"), text).completion.text

    threads = [threading.Thread(target=ask, args=(f"caller {number}",)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {f"caller {number}": f"for caller {number}" for number in range(30)}
