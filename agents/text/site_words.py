"""The few words every site says itself, in the language of its request."""

import re
from collections.abc import Mapping

from agents.text.vocabulary import vocabulary
from agents.text.words import words

_NAMES = [
    "skip",
    "add",
    "delete",
    "send",
    "result",
    "nothing",
    "required",
    "invalid",
    "too_long",
    "yes",
    "no",
    "api",
    "made",
    "yours",
]
_SAID: Mapping[str, str] = {
    "en": "Skip to the content|Add|Delete|Send|Result|Nothing here yet. Add the first one below.|This is needed.|"
    "This cannot be taken.|This is too much.|yes|no|API|Texts on this page were written by a language model and are not checked.|This part is yours to fill in.",
    "de": "Zum Inhalt|Hinzufügen|Löschen|Senden|Ergebnis|Noch nichts da. Unten kommt der erste Eintrag hinzu.|Das fehlt noch.|"
    "Das geht so nicht.|Das ist zu viel.|ja|nein|API|Texte dieser Seite stammen von einem Sprachmodell und sind ungeprüft.|Dieser Teil ist noch auszufüllen.",
    "fr": "Aller au contenu|Ajouter|Supprimer|Envoyer|Résultat|Rien pour l’instant. Ajoutez le premier ci-dessous.|À remplir.|"
    "Valeur refusée.|C’est trop.|oui|non|API|Des textes de cette page viennent d’un modèle de langue et ne sont pas vérifiés.|Cette partie est à compléter.",
    "es": "Ir al contenido|Añadir|Borrar|Enviar|Resultado|Todavía no hay nada. Añada el primero abajo.|Hace falta.|"
    "No se puede aceptar.|Es demasiado.|sí|no|API|Hay textos de esta página escritos por un modelo de lenguaje, sin comprobar.|Esta parte está por completar.",
}
_TELLING: Mapping[str, frozenset[str]] = {
    "en": vocabulary("the a an of and that with for which is are to shows my our please"),
    "de": vocabulary("der die das ein eine einen einer und mit für über die ist den dem bitte soll webseite seite zeigt"),
    "fr": vocabulary("le la les un une des et avec pour qui est du sur une site page crée affiche"),
    "es": vocabulary("el la los las un una y con para que es del sobre página sitio crea muestra"),
}  # fmt: skip
NAMELESS = re.compile(r"[^a-z0-9]+")


def language_code(request: str) -> str:
    """Return the language a request is written in, of those the site can speak; English where nothing tells."""
    said = [word.lower() for word in words(request)]
    counts = {code: sum(word in telling for word in said) for code, telling in _TELLING.items()}
    return max(counts, key=lambda code: (counts[code], code == "en"))


def site_words(code: str) -> dict[str, str]:
    """Return what the site itself says, by name."""
    return dict(zip(_NAMES, _SAID.get(code, _SAID["en"]).split("|"), strict=True))
