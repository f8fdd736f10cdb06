FROM rust:1-slim-trixie AS build
WORKDIR /app
COPY . .
RUN --mount=type=cache,target=/app/target/ \
    --mount=type=cache,target=/usr/local/cargo/registry/ \
    cargo build --locked --release && \
    cp ./target/release/lanternd /bin/server

FROM debian:trixie-slim AS final
RUN useradd --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin --uid 10001 appuser
USER appuser
COPY --from=build /bin/server /bin/
EXPOSE 8870
CMD ["/bin/server"]
