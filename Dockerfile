# Dependencies are installed apart from the source, so that a change of the source does not install them again.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /probity
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /probity
COPY --from=dependencies /probity/node_modules ./node_modules
COPY package.json LICENSE README.md ./
COPY src ./src
COPY dashboards ./dashboards
COPY probes ./probes
RUN install -d -o node -g node -m 0700 /data
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Inside a container loopback is reachable by nobody; publish the port to the host's loopback: -p 127.0.0.1:8080:8080
ENTRYPOINT ["node", "src/probity.js"]
CMD ["run", "probes/practice", "--bind", "0.0.0.0", "--port", "8080", "--data", "/data"]
