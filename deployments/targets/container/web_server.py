"""What is written beside the Dockerfile for it to read: the web server's settings and what the image leaves out."""

from deployments.targets.container.blueprint import Blueprint
from deployments.targets.container.dockerfile import SITE

_SERVER = """\
# Files of {name}, on a port that needs no privilege. Answers say how long they keep and what a page may do.
server {{
    listen {port};
    root {site};
    server_tokens off;
    absolute_redirect off;
    gzip on;
    gzip_types text/css application/javascript application/json image/svg+xml;
    add_header X-Content-Type-Options nosniff always;
    add_header Referrer-Policy strict-origin-when-cross-origin always;
    add_header X-Frame-Options SAMEORIGIN always;
{missing}
    location / {{
        try_files $uri $uri.html $uri/ =404;
    }}
    location ~ /\\.(?!well-known/) {{
        return 404;
    }}
}}
"""

_NEVER_IN_AN_IMAGE = (".git", ".hg", ".env", ".env.*", "__pycache__", ".venv", ".pytest_cache", ".DS_Store")


def default_conf(blueprint: Blueprint) -> str:
    """Return the settings of the web server."""
    folder = blueprint.recipe.publish.strip().strip("/").removeprefix(".")
    own = f"{folder}/404.html" if folder else "404.html"
    missing = "    error_page 404 /404.html;\n" if own in blueprint.paths else ""
    return _SERVER.format(name=blueprint.name, port=blueprint.port, site=SITE, missing=missing)


def dockerignore(blueprint: Blueprint) -> str:
    """Return what a build does not see: everything but the release, and of it nothing that is private or made."""
    made = ["node_modules"] if "package.json" in blueprint.paths else []
    web = ["!web"] if blueprint.serves_files else []
    return "\n".join(
        [
            "# A build sees the release's files and nothing else of this folder.",
            "*",
            "!app",
            *web,
            *(f"app/**/{name}" for name in (*_NEVER_IN_AN_IMAGE, *made)),
            "!app/**/.env.example",
            "",
        ]
    )
