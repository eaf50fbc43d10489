"""Run the double by itself: `python -m miosa.testing.render_double --port 8099`, until it is interrupted."""

import argparse
import os
import sys
import threading

from miosa.testing.render_double.double import RenderDouble


def main() -> None:
    parser = argparse.ArgumentParser(description="A double of Render's API whose clock runs.")
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument(
        "--speed", type=float, default=10.0, help="how many of its seconds pass in one of ours"
    )
    parser.add_argument(
        "--document", default="", help="the path of Render's OpenAPI document, to be judged by it"
    )
    chosen = parser.parse_args()
    with RenderDouble(chosen.document, port=chosen.port, speed=chosen.speed) as render:
        sys.stdout.write(f"RENDER_BASE_URL={render.url} RENDER_API_KEY={render.key}{os.linesep}")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
