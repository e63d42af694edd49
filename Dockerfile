# syntax=docker/dockerfile:1

# The same version as rust-toolchain.toml, which would make rustup fetch rustfmt and clippy too.
FROM rust:1.95.0-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock build.rs config.default.toml ./
COPY src src
COPY benches benches
COPY fonts fonts
COPY report_templates report_templates
COPY docs/failures.md docs/rules.md docs/
RUN cargo build --profile dist --locked --bin tdkt-reports \
    && install -d -m 700 -o 10001 -g 10001 /into/data

# Debian 12's glibc, libgcc and root certificates, and nothing else: no shell, no package manager. Templates and fonts
# are inside the executable.
FROM gcr.io/distroless/cc-debian12
# What is below a copied folder keeps its owner and mode, the folder itself does not: others may not read /data.
COPY --from=build /into /
COPY --from=build /src/target/dist/tdkt-reports /usr/local/bin/tdkt-reports
USER 10001:10001
ENV TDKT_LISTEN=0.0.0.0:8080 TDKT_DATA=/data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=10s --start-period=10s CMD ["tdkt-reports", "ready"]
# Longer than drain_s passes between SIGTERM and SIGKILL only with `docker stop --time 40` or compose's stop_grace_period.
ENTRYPOINT ["tdkt-reports"]
CMD ["serve"]
