# The image of Slipway: server, worker, router and the command `slipway`, by what it is run with (packaging/container.sh).
# A base that has the programs below needs no package source; a secret `ca_bundle` is trusted by npm.
ARG NODE_IMAGE=node:24-bookworm-slim
ARG DOCKER_IMAGE=docker:28-cli
# Where /slipway comes from: the stage "build", or an image that has it.
ARG BUILT=build

FROM ${DOCKER_IMAGE} AS docker

# What it runs, and its tests too.
FROM ${NODE_IMAGE} AS base
RUN set -e; \
    for program in busybox git haproxy tar tini; do command -v "$program" > /dev/null || missing=1; done; \
    if [ -n "$missing" ]; then \
      apt-get update; \
      apt-get install --yes --no-install-recommends \
        busybox-static ca-certificates git haproxy libcap2-bin openssh-client postgresql-client tini; \
      rm -rf /var/lib/apt/lists/*; \
    fi; \
    # The router takes ports 80 and 443 as the same user as all else.
    if command -v setcap > /dev/null; then setcap cap_net_bind_service=+ep "$(command -v haproxy)"; fi; \
    for folder in /var/lib/slipway /var/lib/slipway-router; do \
      mkdir -p "$folder"; chown 1000:1000 "$folder"; chmod 700 "$folder"; \
    done

# With the packages of development, and the programs that only tests run: what tests run in.
FROM base AS test
RUN set -e; \
    for program in ip openssl ps; do command -v "$program" > /dev/null || missing=1; done; \
    if [ -n "$missing" ]; then \
      apt-get update; \
      apt-get install --yes --no-install-recommends iproute2 openssl procps; \
      rm -rf /var/lib/apt/lists/*; \
    fi
WORKDIR /slipway
COPY package.json package-lock.json ./
RUN --mount=type=secret,id=ca_bundle,mode=0444 \
    if [ -f /run/secrets/ca_bundle ]; then export NODE_EXTRA_CA_CERTS=/run/secrets/ca_bundle; fi; \
    npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier
COPY . .
RUN node_modules/.bin/vite build web --logLevel warn && node scripts/build.ts

FROM test AS build
# Nothing reads declarations and source maps at run time; they are half of the packages.
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund --no-update-notifier && \
    find node_modules -type f \( -name '*.d.ts' -o -name '*.d.[cm]ts' -o -name '*.map' \) -exec rm -f {} +

FROM ${BUILT} AS built

FROM base AS runtime
COPY --from=docker /usr/local/bin/docker /usr/local/bin/docker
COPY --from=docker /usr/local/libexec/docker/cli-plugins/ /usr/local/libexec/docker/cli-plugins/
COPY --from=built /slipway/package.json /slipway/package.json
COPY --from=built /slipway/node_modules /slipway/node_modules
COPY --from=built /slipway/dist /slipway/dist
COPY --from=built /slipway/scripts/slipway.mjs /slipway/scripts/slipway.mjs
COPY --from=built /slipway/packaging/container.sh /slipway/packaging/container.sh
RUN mkdir -p /usr/local/bin && ln -s /slipway/scripts/slipway.mjs /usr/local/bin/slipway
ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/tmp/slipway-compiled \
    HOME=/var/lib/slipway \
    SLIPWAY_DATA=/var/lib/slipway \
    SLIPWAY_ROUTER_DIR=/var/lib/slipway-router \
    SLIPWAY_LISTEN=0.0.0.0:8000
WORKDIR /var/lib/slipway
VOLUME ["/var/lib/slipway", "/var/lib/slipway-router"]
USER 1000:1000
EXPOSE 8000
# Of the first process only: it passes signals on and takes in processes that others have left.
ENTRYPOINT ["tini", "--", "/slipway/packaging/container.sh"]
CMD ["server"]
