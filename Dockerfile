# One image for the tap, the target, the receiver of webhooks, the client and the sandbox: docker build -t tiktokshop .
# scripts/containers/try_image.py carries out these very steps in a root of Debian's, where no image can be pulled.

FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY constraints.txt ./
COPY tiktokshop-client tiktokshop-client
COPY tiktokshop-sandbox tiktokshop-sandbox
COPY tiktokshop-webhooks tiktokshop-webhooks
COPY tap-tiktokshop tap-tiktokshop
COPY target-tiktokshop target-tiktokshop
COPY target-duckdb-exact target-duckdb-exact
RUN python3 -m venv --copies /opt/tiktokshop
RUN /opt/tiktokshop/bin/pip install --quiet --no-cache-dir --constraint constraints.txt \
    './tiktokshop-client[encryption,postgresql,redis,s3,serve]' ./tiktokshop-sandbox './tiktokshop-webhooks[postgresql]' \
    './tap-tiktokshop[metrics,webhooks]' ./target-tiktokshop ./target-duckdb-exact
RUN rm -rf /opt/tiktokshop/lib/python3.*/site-packages/pip /opt/tiktokshop/bin/pip*

FROM python:3.13-slim-bookworm
# tini hands a signal on to all processes of a pipe, and a shell in between would not.
RUN apt-get update -q && apt-get install -q -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/tiktokshop /opt/tiktokshop
COPY deploy/tiktokshop-run deploy/tiktokshop-retried /opt/tiktokshop/bin/
# What is written goes to /data, for a volume: tokens, states, an inbox. The user has a name, which libraries ask for.
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin shop \
    && install -d -o 10001 -g 10001 -m 700 /data
ENV PATH=/opt/tiktokshop/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 HOME=/data
WORKDIR /data
USER 10001:10001
STOPSIGNAL SIGTERM
# A service says in HEALTH_PORT where it answers; a run has none, and is healthy while it lasts.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python3", "-c", "import os, urllib.request as r; port = os.environ.get('HEALTH_PORT'); port and r.urlopen(f'http://127.0.0.1:{port}/healthz', timeout=4)"]
ENTRYPOINT ["/usr/bin/tini", "-g", "--"]
CMD ["tap-tiktokshop", "--help"]
