# Build: Swift on Debian 12; the standard library is linked into the binary.
FROM swift:6.3-bookworm AS build
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends \
        libmicrohttpd-dev libgnutls28-dev libsqlite3-dev libopenblas-dev nettle-dev libpcre2-dev \
        zlib1g-dev pkg-config python3-pip \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN scripts/setup-charts
RUN swift build -c release --product spind --static-swift-stdlib \
    && strip .build/release/spind

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="spind" \
      org.opencontainers.image.description="Self-play fine-tuning of small language models over HTTP"
# libcurl is for webhooks alone.
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends \
        libmicrohttpd12 libgnutls30 libsqlite3-0 libopenblas0-pthread libnettle8 libhogweed6 \
        libpcre2-8-0 zlib1g libstdc++6 libcurl3-gnutls ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o 65532 -g 65532 /data
COPY --from=build /source/.build/release/spind /usr/local/bin/spind
USER 65532:65532
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["spind", "healthcheck"]
# Serves others, so that it wants a key: SPIND_ADMIN_KEY_FILE, or `spind keys add` on the volume.
ENTRYPOINT ["spind"]
CMD ["serve", "--data-dir", "/data", "--host", "0.0.0.0"]
