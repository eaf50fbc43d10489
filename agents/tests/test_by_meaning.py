"""The thresholds that embeddings are held against stand between right and wrong on labelled pairs, with the real model."""

import pytest

from agents.planning import plan
from agents.tests.trials.live_bench import LiveBench
from agents.text.vectors import similarity
from agents.text.words import sentences
from agents.verifiers import prose
from agents.verifiers.structure import ABOUT

SUMMARIES = [  # text, a fair summary, one of a side matter
    (
        (
            "The Aral Sea was once the fourth largest lake in the world, with an area of 68,000 square kilometres. From the 1960s the"
            " rivers that fed it were diverted by Soviet irrigation projects to grow cotton in the desert. By 2007 the lake had shrunk to"
            " 10 percent of its original size and split into four separate lakes. The fishing industry collapsed, and the exposed seabed"
            " became a source of dust storms that harm the health of people nearby. In Kazakhstan a dam finished in 2005 raised the level"
            " of the North Aral Sea, and fish have returned there."
        ),
        "Soviet irrigation shrank the Aral Sea to a tenth of its size, which ended fishing; a dam has since revived its northern part.",
        "A dam finished in 2005 in Kazakhstan raised the level.",
    ),
    (
        (
            "Minutes of the product meeting, 12 March. The search page is slow: the median answer takes 2.4 seconds and customers complain."
            " Luis found that the price filter has no index. Priya asked that the change go out before the spring sale. Ana will write the"
            " migration by Friday. The accountants want the tax number on each page. The mobile app release is postponed to May."
        ),
        "The slow search page will be fixed with an index before the spring sale; Ana writes the migration, and the mobile app moves to May.",
        "The accountants want the tax number on each page.",
    ),
    (
        (
            "Bees visit flowers to gather nectar and pollen. While they feed, pollen sticks to their hair and is carried to the next flower,"
            " which can then make seeds. About a third of the food that people eat depends on this work. In the past decades many colonies"
            " have died from mites, pesticides and the loss of meadows."
        ),
        "Bees pollinate flowers while feeding, work on which a third of our food depends, but many colonies have died in past decades.",
        "Mites kill colonies.",
    ),
    (
        (
            "The tenant rents the flat at 12 Mill Lane from 1 June for two years. The rent is 850 euros a month. A deposit of three months'"
            " rent is held in a savings account. Pets need the landlord's consent. The tenant may sublet one room with written permission."
            " Either side may end the lease with three months' notice after the first year."
        ),
        "A two-year lease of a flat for 850 euros a month with a three-month deposit; pets and subletting need consent.",
        "Pets need consent.",
    ),
]
QUESTIONS = [  # question, an answer to it
    ("What causes the tides?", "Tides are caused by the gravity of the Moon and the Sun."),
    ("How does a hash table work?", "A hash of the key tells in which slot of an array the value is kept."),
    ("Explain recursion", "A function that calls itself until a simple case ends it."),
    (
        "Write an email to Bob that the meeting moves to Tuesday",
        "Hi Bob, our meeting is on Tuesday now. Best, Ana",
    ),
    ("Give me three names for a coffee shop", "Bean Corner, The Daily Cup, Roast & Rest"),
    ("Who wrote Faust?", "Johann Wolfgang von Goethe wrote it."),
]
PARTS = [  # requirement, a part that serves it
    ("Members borrow books.", "loans: keeps who has borrowed which book until when"),
    ("With users.", "accounts: sign-up and profiles of users"),
    ("Payment by Stripe must be tested before the beta.", "billing: takes card payments through Stripe"),
    ("It shall send a reminder by e-mail.", "notifications: sends e-mails on a schedule"),
]
BY_MEANING = [  # a clause whose words name no agent, and the agents that would do
    ("Somebody should look after slow answers and outages of the running system", {"monitoring"}),
    ("I want to know what our project needs and what might go wrong with it", {"analysis", "strategy"}),
    ("We need phases and an order in which to reach our goal next year", {"strategy"}),
    ("The parts of our software and the tables it keeps are not thought through", {"architect", "quality"}),
    (
        "Our customers' calendar should stay the same as theirs over there, via their HTTP interface",
        {"integration"},
    ),
    ("My colleague wants his source to be looked at for holes before Friday", {"quality", "development"}),
]


@pytest.fixture(scope="module")
def embed(embeddings_url):
    return LiveBench("", embeddings_url).embed


@pytest.mark.parametrize(("text", "fair", "side"), SUMMARIES, ids=[one[2] for one in SUMMARIES])
def test_fair_summaries_cover_and_side_matters_do_not(embed, text, fair, side):
    """A fair summary lies above the threshold, one of a side matter or of another text below."""
    other = next(one[1] for one in SUMMARIES if one[0] != text)
    source = sentences(text)
    found = [prose.coverage(summary, source, embed=embed).passed for summary in (fair, side, other)]
    assert found == [True, False, False]


def test_answers_are_nearer_to_their_question_than_to_others(embed):
    """Of the answers nearly all lie above the threshold for their own question, and nearly none for another."""
    right = [prose.relevant(answer, question, embed=embed).passed for question, answer in QUESTIONS]
    wrong = [
        prose.relevant(answer, question, embed=embed).passed
        for question, own in QUESTIONS
        for _, answer in QUESTIONS
        if answer != own
    ]
    assert sum(right) >= len(right) - 1
    assert sum(wrong) <= len(wrong) / 10


def test_parts_are_matched_to_their_requirements(embed):
    """Each part lies above the threshold for its requirement; of the wrong pairs few do."""
    wanted, made = embed([one[0] for one in PARTS]), embed([one[1] for one in PARTS])
    near = [[similarity(one, part) >= ABOUT for part in made] for one in wanted]
    assert all(near[index][index] for index in range(len(PARTS)))
    assert sum(sum(row) for row in near) - len(PARTS) <= 3


@pytest.mark.parametrize(("clause", "agents"), BY_MEANING, ids=[one[0][:40] for one in BY_MEANING])
def test_meaning_chooses_where_words_are_silent(embed, clause, agents):
    """A clause without a known verb goes to an agent that would do."""
    made = plan(clause, ask=None, embed=embed)
    assert made.steps[0].reason.startswith("nearest in meaning")
    assert made.steps[0].agent in agents
