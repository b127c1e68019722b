# Airflow with the programs that its tasks start, for compose.yaml: docker build -t tiktokshop . comes before.
# Airflow and the programs want different versions of the same libraries, so each has an environment of its own.

FROM tiktokshop AS programs

FROM python:3.13-slim-bookworm
WORKDIR /src
COPY tiktokshop-airflow tiktokshop-airflow
RUN python3 -m venv /opt/airflow && /opt/airflow/bin/pip install --quiet --no-cache-dir \
    --constraint tiktokshop-airflow/constraints.txt \
    apache-airflow-core apache-airflow-providers-standard ./tiktokshop-airflow
COPY --from=programs /opt/tiktokshop /opt/tiktokshop
COPY --from=programs /usr/bin/tini /usr/bin/tini
# The user has a name, which Airflow asks for.
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin shop \
    && install -d -o 10001 -g 10001 -m 700 /data
ENV PATH=/opt/airflow/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 HOME=/data AIRFLOW_HOME=/data/airflow
WORKDIR /data
USER 10001:10001
# `airflow standalone` ends its parts in order at Ctrl-C, which must reach it alone; at SIGTERM it would die before them.
STOPSIGNAL SIGINT
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["airflow", "standalone"]
