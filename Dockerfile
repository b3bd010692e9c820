# docker build -t isthmus .                    the service on CPUs, with the bundle models/demo
# docker build -t isthmus:cuda --target cuda . the same with CUDA (x64; the build downloads its libraries from PyPI)
# docker run -p 127.0.0.1:3000:3000 -v isthmus:/data -e API_KEYS="$entry" isthmus     (npm run new-key makes one)
# Another bundle: -v ./models/shop:/app/models/shop:ro -e BUNDLE=/app/models/shop
#
# glibc throughout: ONNX Runtime has no binaries for musl.
ARG NODE=24

FROM node:${NODE}-bookworm AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY scripts/run.mjs scripts/
# This image has the compiler that hnswlib-node needs. The CPU binaries of ONNX Runtime are in its package.
RUN ONNXRUNTIME_NODE_INSTALL=skip npm ci
COPY tsconfig.json ./
COPY src src
COPY scripts scripts
COPY bench bench
RUN npm run build && npm prune --omit=dev
# The package brings its binaries for five platforms; this image is one of them.
RUN cd node_modules/onnxruntime-node/bin/napi-v6 \
  && arch=$(node -p process.arch) \
  && find . -mindepth 2 -maxdepth 2 -type d ! -path "./linux/$arch" -exec rm -r {} + \
  && find . -mindepth 1 -type d -empty -delete \
  && test -e "linux/$arch/onnxruntime_binding.node"

# The provider and CUDA's libraries from PyPI, where the service looks for them: links in node_modules lead to /opt.
FROM build AS build-cuda
RUN apt-get update && apt-get install -y --no-install-recommends python3-pip unzip \
  && XDG_CACHE_HOME=/opt node dist/scripts/setup-cuda.js \
  && test -e node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so

# What both targets hold, but for node_modules.
FROM scratch AS files
COPY package.json LICENSE /app/
COPY openapi /app/openapi
COPY public /app/public
COPY models/text-encoder /app/models/text-encoder
COPY models/demo /app/models/demo
COPY --from=build /app/dist /app/dist

FROM node:${NODE}-bookworm-slim AS cuda
COPY --from=files /app /app
COPY --from=build-cuda /opt/isthmus /opt/isthmus
COPY --from=build-cuda /app/node_modules /app/node_modules
RUN useradd --system --uid 10001 --no-create-home isthmus && install -d -m 700 -o isthmus /data
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data ORT_PROVIDER=cuda
# What NVIDIA's container toolkit brings in from the host: the driver, which has to be one for CUDA 13.
ENV LD_LIBRARY_PATH=/opt/isthmus/cuda/lib NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
WORKDIR /app
USER 10001
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=64", "dist/scripts/start.js"]

# The last target is the one that is built without --target.
FROM node:${NODE}-bookworm-slim AS cpu
COPY --from=files /app /app
COPY --from=build /app/node_modules /app/node_modules
RUN useradd --system --uid 10001 --no-create-home isthmus && install -d -m 700 -o isthmus /data
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
WORKDIR /app
USER 10001
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=64", "dist/scripts/start.js"]
