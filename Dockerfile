# Three stages: what runs needs, what builds needs, and an image that holds only the first and the result of the second.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY jobs ./jobs
RUN npm run build

FROM ${NODE_IMAGE} AS runtime
ENV NODE_ENV=production \
    EXPORT_GATE_DATA_DIR=/data \
    EXPORT_GATE_INTAKE_DIR=/intake \
    EXPORT_GATE_OUTBOUND_DIR=/outbound
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json ./
COPY scripts/verify-*.mjs ./scripts/
RUN mkdir -m 0700 /data /intake /outbound && chown 1000:1000 /data /intake /outbound
USER 1000:1000
VOLUME ["/data", "/intake", "/outbound"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--enable-source-maps", "--disable-proto=throw", "--heap-growing-percent=15", "--semi-space-growth-factor=1", "dist/jobs/cli.js"]
CMD ["run"]
