# One image for `ridewire serve`, `ridewire worker` and the rest of the command line.

FROM node:22-bookworm-slim AS web
WORKDIR /web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web/ ./
RUN npm run build

FROM python:3.11-slim-bookworm AS packages
# Extras of pyproject.toml to install: `city` for routing on a city of one's own.
ARG EXTRAS=city
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app
RUN python -m venv /venv
COPY pyproject.toml README.md ./
COPY api/ api/
COPY bench/ bench/
COPY calls/ calls/
COPY chat/ chat/
COPY city/ city/
COPY client/ client/
COPY events/ events/
COPY geo/ geo/
COPY infra/ infra/
COPY live/ live/
COPY notifications/ notifications/
COPY tracking/ tracking/
RUN /venv/bin/pip install --editable ".[${EXTRAS}]" && python -m compileall -q /app

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin ridewire
COPY --from=packages /venv /venv
COPY --from=packages /app /app
COPY --from=web /web/dist /app/web/dist
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
USER ridewire
EXPOSE 8000
CMD ["ridewire", "serve", "--host", "0.0.0.0", "--port", "8000"]
