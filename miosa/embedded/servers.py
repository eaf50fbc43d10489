"""The servers a bare machine runs, by what the product needs of them."""

from miosa.embedded.embeddings import Embeddings
from miosa.embedded.hosting import Hosting
from miosa.embedded.language_model import LanguageModel
from miosa.embedded.postgres import Postgres
from miosa.embedded.sandboxes import Sandboxes
from miosa.embedded.server import Server
from miosa.embedded.valkey import Valkey

SERVERS: dict[str, Server] = {
    "database": Postgres(),
    "broker": Valkey(),
    "language_model": LanguageModel(),
    "embeddings": Embeddings(),
    "sandboxes": Sandboxes(),
    "hosting": Hosting(),
}
