"""Names and labels by the rules of Kubernetes, DNS and image registries; pure."""

import hashlib
import re

LABEL = re.compile(r"^[a-z]([a-z0-9-]*[a-z0-9])?$")
LABEL_VALUE = re.compile(r"^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$")
DOMAIN_LABEL = re.compile(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")
VARIABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
REPOSITORY = re.compile(
    r"^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{2,5})?/)?"
    r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$"
)
IMAGE = re.compile(
    r"^(?P<repository>[^@\s]+?)(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?$"
)

MOST_OF_A_LABEL = 63
MOST_OF_A_CRON_NAME = 52  # a CronJob's name gets eleven characters more in its Jobs
MOST_OF_A_DOMAIN = 253
_HASH = 8


def label_of(text: str, limit: int = MOST_OF_A_LABEL) -> str:
    """Return a name that a Service may have: the text itself where it is one, else made so, with a hash of it."""
    if len(text) <= limit and LABEL.match(text):
        return text
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    plain = plain if plain[:1].isalpha() else f"app-{plain}"
    digest = hashlib.sha256(text.encode()).hexdigest()[:_HASH]
    return f"{plain[: limit - _HASH - 1].rstrip('-')}-{digest}"


def label_value_of(text: str) -> str:
    """Return the text as the value of a label: other characters become dashes, what is too long is cut."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:MOST_OF_A_LABEL]
    return plain.strip("-._")


def domain_fault(name: str) -> str:
    """Say what is wrong with a host name of an Ingress, "" where nothing is; a first label `*` is allowed."""
    labels = name.removeprefix("*.").split(".")
    if len(name) > MOST_OF_A_DOMAIN or len(labels) < 2:  # noqa: PLR2004  (a bare label is no public name)
        return f"{name!r} is no host name like www.example.com"
    wrong = [one for one in labels if len(one) > MOST_OF_A_LABEL or not DOMAIN_LABEL.match(one)]
    return f"{name!r} is no host name: letters a-z, digits and dashes between dots" if wrong else ""


def image_fault(image: str) -> str:
    """Say what is wrong with an image's name, "" where nothing is; it has to be pinned by tag or digest."""
    match = IMAGE.match(image)
    if not match or not REPOSITORY.match(match["repository"]):
        return f"{image!r} is no name of an image like registry.example.com/team/app:1.2"
    if not match["digest"] and (match["tag"] or "latest") == "latest":
        return f"the image {image!r} moves: name it with a tag other than latest, or with its digest"
    return ""
