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

# The libraries that the binary loads, and nothing else of Debian: half the size, and no shell.
FROM debian:bookworm-slim AS libraries
# OpenBLAS and libcurl are loaded while it runs; libcurl and the certificates are for webhooks alone.
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends \
        libmicrohttpd12 libgnutls30 libsqlite3-0 libopenblas0-pthread libnettle8 libpcre2-8-0 \
        zlib1g libstdc++6 libcurl3-gnutls ca-certificates
COPY --from=build /source/.build/release/spind /usr/local/bin/spind
RUN mkdir -p /image/data /image/tmp /image/etc/ssl/certs /image/usr/local/bin \
    && loaded='/lib/x86_64-linux-gnu/libopenblas.so.0 /lib/x86_64-linux-gnu/libcurl-gnutls.so.4' \
    && ldd /usr/local/bin/spind $loaded > /needed && ! grep 'not found' /needed \
    && { grep -oE '/[^ ]+\.so[^ :]*' /needed; printf '%s\n' $loaded; } | sort -u \
        | xargs cp --dereference --parents --target-directory /image \
    && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
    && cp /usr/local/bin/spind /image/usr/local/bin/ \
    && chown 65532:65532 /image/data && chmod 1777 /image/tmp

FROM scratch
# Whoever builds an image to give away says where its source is, and under which licence.
ARG SOURCE=""
ARG LICENSES="NOASSERTION"
LABEL org.opencontainers.image.title="spind" \
      org.opencontainers.image.description="Self-play fine-tuning of small language models over HTTP" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.source="$SOURCE" \
      org.opencontainers.image.licenses="$LICENSES"
COPY --from=libraries /image /
ENV PATH=/usr/local/bin
USER 65532:65532
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["spind", "healthcheck"]
# Serves others, so that it wants a key: SPIND_ADMIN_KEY_FILE, or `spind keys add` on the volume.
ENTRYPOINT ["spind"]
CMD ["serve", "--data-dir", "/data", "--host", "0.0.0.0"]
