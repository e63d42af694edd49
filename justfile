# `just` lists the recipes; https://just.systems

set shell := ["bash", "-euo", "pipefail", "-c"]

kind := "six-month-review"

[private]
default:
    @just --list

# Everything that has to pass before a push
ci:
    tests/run
    cargo clippy --release --locked --lib --bins --tests -- -D warnings

# All tests, or those whose name contains WORD
test WORD="":
    cargo test --release --locked --lib --bins --tests -- {{ WORD }}

# What a paper costs: papers a second, processor time against bare Typst, memory, cold start (docs/benchmarks.md)
bench PAPERS="300":
    cargo bench --locked --bench throughput -- {{ PAPERS }}

# What receivers of webhooks do to one another
bench-deliveries EVENTS="200":
    cargo bench --locked --bench deliveries -- {{ EVENTS }}

# Papers a second of the whole service, over HTTP
bench-service PAPERS="500":
    cargo build --release --locked
    benches/run target/release/tdkt-reports {{ PAPERS }}

# Seconds and memory of papers far longer than an office sends
bench-overflow:
    cargo build --release --locked
    benches/overflow.py target/release/tdkt-reports

# What closing a year costs beside what its render children make alone: a province of BLOCS with PAPERS each
bench-closing BLOCS="60" PAPERS="34":
    cargo bench --locked --bench closing -- {{ BLOCS }} {{ PAPERS }}

# Memory of binding and merging a year, of a province of BLOCS with PAPERS each
bench-binding BLOCS="60" PAPERS="34":
    cargo bench --locked --bench binding -- {{ BLOCS }} {{ PAPERS }}

# Checks the template folder and makes every sample of every kind: target/samples/*.pdf
templates:
    cargo build --release --locked
    mkdir -p target/samples
    for kind in $(target/release/tdkt-reports --templates report_templates kinds | cut -f1); do \
        for sample in simple minimal overflow hostile; do \
            echo "== $kind $sample"; \
            target/release/tdkt-reports --templates report_templates preview "$kind" --sample "$sample" --once \
                -o "target/samples/$kind-$sample.pdf"; \
        done; \
    done

# Makes a kind's sample again whenever a template is saved: preview.pdf
preview KIND=kind SAMPLE="simple":
    cargo run --release --locked -- preview {{ KIND }} --sample {{ SAMPLE }} --templates report_templates

# Accepts the pages as they are now as golden, and writes the table of rules by example; look at every changed picture before you commit
bless:
    TDKT_BLESS=1 cargo test --release --locked --test it -- golden every_kind_is_made the_table_of_examples

# Makes docs/gallery anew; look at every picture that changed
gallery:
    cargo build --release --locked
    rm -rf docs/gallery
    target/release/tdkt-reports gallery docs/gallery

# The service, with its data in ./data
run:
    cargo run --release --locked -- serve

# Licences, advisories and sources of the dependencies (needs: cargo install cargo-deny --locked)
deny:
    cargo deny --locked check
