# One image for everything: web (the default command), worker, beat, migrate, language model, embeddings, sandboxes, hosting.
# Which of them a container is, its command says; compose.yaml shows all.

FROM python:3.11-slim-bookworm AS packages
WORKDIR /build
COPY requirements.txt requirements-embedded.txt requirements-box.txt ./
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --require-hashes --no-deps --requirement requirements.txt \
 && /opt/venv/bin/pip install --no-cache-dir --require-hashes --no-deps --requirement requirements-embedded.txt \
 && /opt/venv/bin/pip install --no-cache-dir --require-hashes --no-deps --target /opt/venv/box --requirement requirements-box.txt

FROM python:3.11-slim-bookworm
RUN apt-get update \
 && apt-get install --yes --no-install-recommends bubblewrap \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 miosa \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/miosa --shell /usr/sbin/nologin miosa \
 && install --directory --owner=miosa --group=miosa --mode=0700 /var/lib/miosa /var/lib/miosa/usage
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=miosa.settings \
    MIOSA_STATE=/var/lib/miosa
WORKDIR /opt/miosa
COPY --from=packages /opt/venv /opt/venv
COPY LICENSE manage.py ./
COPY miosa ./miosa
COPY tenants ./tenants
COPY billing ./billing
COPY routing ./routing
COPY deployments ./deployments
COPY agents ./agents
RUN python -m compileall -q .

# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
EXPOSE 8000
# MIOSA_ALLOWED_HOSTS has to contain 127.0.0.1, or the answer is 400. Other commands switch this check off.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["python", "-m", "granian", "--interface", "asgi", "--host", "0.0.0.0", "--port", "8000", "--no-ws", \
     "--http1-buffer-size", "65536", "--http1-header-read-timeout", "10000", "--http2-max-headers-size", "65536", \
     "--workers-kill-timeout", "2", "--respawn-failed-workers", "miosa.asgi:application"]
