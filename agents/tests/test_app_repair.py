"""What becomes of a site when a capable model writes it: its files under the same checks, repairs, and the template that stands."""

import json

import pytest

from agents.crafts.asking import Asker
from agents.crafts.site import make_site
from agents.roster import development
from agents.tests.box_bench import BoxBench
from deployments.tests.boxes import needs_boxes

pytestmark = needs_boxes
REQUEST = "Build a static web page about tide pools"
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<link rel="icon" href="data:,"></head><body><main><h1>{title}</h1><h2>Tide pools</h2><p>{text}</p></main></body></html>
"""


def answer(**more):
    """A model's answer: one page."""
    text = PAGE.format(**{"title": "Tide pools", "text": "Pools that the tide leaves behind.", **more})
    return json.dumps({"files": [{"path": "public/index.html", "content": text}]})


def made(*answers):
    waiting = list(answers)

    def said(prompt):
        site = "small site that works" in prompt
        if site:
            following = waiting.pop(0)
            return following(prompt) if callable(following) else following
        return "Pools that the tide leaves behind. They hold snails."

    bench = BoxBench(strong=True, script=said)
    return make_site(Asker(bench, development.profile), REQUEST), bench


def place_of(site):
    return next(path for path in site.files if path.endswith("index.html"))


def better(prompt):
    """What a model makes of the page it was shown."""
    page = prompt.partition("# public/index.html\n")[2].partition("</html>")[0] + "</html>\n"
    return json.dumps(
        {
            "files": [
                {"path": "public/index.html", "content": page.replace("<main", '<main data-by="model"', 1)}
            ]
        }
    )


def test_what_passes_is_taken():
    """After a repair too: the model's page, tried in a box like the template's, and said to be the model's."""
    for answers in ([better], [answer(), better]):
        site, bench = made(*answers)
        assert site.origin == "scripted", site.notes
        assert 'data-by="model"' in site.files[place_of(site)]
        assert site.trial.ran
        assert site.sound
        assert len(bench.notes) == len(answers) - 1


def test_what_never_passes_gives_way_to_the_template():
    """Foreign scripts, no JSON, broken pages: after the last round the template stands, and the answer says so."""
    foreign = answer(text='<script src="https://evil.example/x.js"></script>')
    site, bench = made(foreign, "no json at all", foreign)
    assert site.origin == "the static template"
    assert any("the template stands" in note for note in site.notes)
    assert "evil.example" not in site.files[place_of(site)]
    assert site.sound
    assert bench.notes, "each round is told"


def test_the_yardstick_is_not_the_models():
    """Tests and site.json stay what they are, whatever the model sends for them."""
    cheat = json.dumps(
        {"files": [{"path": "test_app.py", "content": "pass"}, {"path": "site.json", "content": "{}"}]}
    )
    site, _ = made(cheat, cheat, cheat)
    assert site.files["site.json"] != "{}"
    assert "pass" not in site.files.get("test_app.py", "")


@pytest.mark.parametrize("path", ["../x.py", "/etc/passwd", "a b.py", "x.sh", ".check/harness.py"])
def test_a_model_writes_where_it_may(path):
    """Names that lead elsewhere are no answer."""
    site, _ = made(*[json.dumps({"files": [{"path": path, "content": "x"}]})] * 3)
    assert path not in site.files
    assert site.origin == "the static template"
