# One image for web, worker and migration; the encoder is prepared while it is built.
FROM python:3.11-slim

# A package index with CPU builds of torch keeps the image small.
ARG TORCH_INDEX=""

# For candidates' programs; see docs/programming.md for what the container must be allowed.
RUN apt-get update && apt-get install -y --no-install-recommends bubblewrap nodejs \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 10001 miantan
WORKDIR /app

COPY requirements.lock pyproject.toml README.md ./
RUN pip install --no-cache-dir ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} \
    "$(sed -n 's/^\(torch==[^ +]*\).*/\1/p' requirements.lock)"
COPY dialogues dialogues
COPY scoring scoring
COPY connectors connectors
COPY bot bot
RUN pip install --no-cache-dir -c requirements.lock .

ENV MIANTAN_HOME=/data MIANTAN_HOST=0.0.0.0
RUN install -d -o miantan /data
USER miantan
RUN miantan prepare
VOLUME /data
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=5 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz')"]
CMD ["miantan", "serve"]
