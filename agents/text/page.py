"""Write the page of a static site: everything that comes from a request is made plain text."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="description" content="{tagline}">
<title>{title}</title>
<link rel="icon" href="static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="static/style.css">
</head>
<body class="hue-{hue}">
<a class="skip" href="#main">{skip}</a>
<header>
<h1>{title}</h1>
<p>{tagline}</p>
{nav}</header>
<main id="main">
{sections}
</main>
<footer>
{footer}</footer>
</body>
</html>
"""
_SECTION = """<section class="card" id="part-{number}">
<h2>{heading}</h2>
{texts}{points}</section>"""
_NAV_FROM = 3  # sections; with fewer the page is its own overview


def static_page(site: Mapping[str, Any]) -> str:
    """Return the HTML of a site (the content of its site.json)."""
    sections: Sequence[Mapping[str, Any]] = site["sections"]
    return _PAGE.format(
        language=escape(site["language"]),
        tagline=escape(site["tagline"]),
        title=escape(site["title"]),
        hue=int(site["hue"]),
        skip=escape(site["words"]["skip"]),
        nav=_nav(sections) if len(sections) >= _NAV_FROM else "",
        sections="\n".join(_section(number, one) for number, one in enumerate(sections, start=1)),
        footer=f"<p>{escape(site['footer'])}</p>\n" if site["footer"] else "",
    )


def _nav(sections: Sequence[Mapping[str, Any]]) -> str:
    links = "\n".join(
        f'<li><a href="#part-{number}">{escape(one["heading"])}</a></li>'
        for number, one in enumerate(sections, start=1)
    )
    return f"<nav>\n<ul>\n{links}\n</ul>\n</nav>\n"


def _section(number: int, one: Mapping[str, Any]) -> str:
    points = "\n".join(f"<li>{escape(point)}</li>" for point in one["points"])
    return _SECTION.format(
        number=number,
        heading=escape(one["heading"]),
        texts="".join(f"<p>{escape(text)}</p>\n" for text in one["texts"]),
        points=f"<ul>\n{points}\n</ul>\n" if points else "",
    )
