# syntax=docker/dockerfile:1

# The same version as rust-toolchain.toml, which would make rustup fetch rustfmt and clippy too.
FROM rust:1.95.0-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock build.rs config.default.toml ./
COPY src src
COPY fonts fonts
COPY report_templates report_templates
COPY docs/failures.md docs/failures.md
RUN cargo build --profile dist --locked --bin tdkt-reports

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --user-group --no-create-home tdkt \
    && install -d -o tdkt -g tdkt -m 700 /data
COPY --from=build /src/target/dist/tdkt-reports /usr/local/bin/tdkt-reports
USER 10001:10001
ENV TDKT_LISTEN=0.0.0.0:8080 TDKT_DATA=/data
VOLUME /data
EXPOSE 8080
# bash speaks enough HTTP for this; nothing else needs to be in the image.
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /livez HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q '200 OK' <&3"]
# Longer than drain_s passes between SIGTERM and SIGKILL only with `docker stop --time 40` or compose's stop_grace_period.
ENTRYPOINT ["tdkt-reports"]
CMD ["serve"]
