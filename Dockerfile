# Two stages: the first has pip and the build tool, the second only what runs. Every package is held to its hash.
FROM python:3.13-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/engine
COPY requirements-build.txt requirements.txt ./
RUN python -m pip install --no-cache-dir --require-hashes -r requirements-build.txt \
    && /opt/engine/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
RUN python -m pip wheel --no-deps --no-index --no-build-isolation --wheel-dir dist . \
    && /opt/engine/bin/pip install --no-cache-dir --no-deps --no-index dist/*.whl

FROM python:3.13-slim-bookworm
# The folders exist, with their owner, so that a new named volume takes both over.
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin engine \
    && install -d -o engine -g engine -m 0750 /data /data/outbound /data/inbound
COPY --from=build /opt/engine /opt/engine
ENV PATH=/opt/engine/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 INTEGRATION_ENGINE_HOME=/data
USER engine
WORKDIR /data
EXPOSE 2575
ENTRYPOINT ["integration-engine"]
CMD ["serve"]
