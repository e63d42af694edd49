//! One binary, so that Typst is linked once. Every file is one capability; every test name is a sentence.

mod support;

// the house
mod failures_doc;
mod rules;
mod stairs;
mod templates_tidy;
// the papers
mod both_sides;
mod confidence;
mod dossiers;
mod examples;
mod gallery;
mod golden;
mod injection;
mod layout_law;
mod matrix;
mod numbers;
mod one_truth;
mod overflow;
mod page_breaks;
mod proof;
mod province_batches;
mod pulling;
mod purity;
// the language
mod vietnamese_corpus;
mod vietnamese_order;
mod year_end;
// the doors
mod batches;
mod cli;
mod clients;
mod contents;
mod contract;
mod editions;
mod endings;
mod hostile_clients;
mod hostile_words;
mod intake;
mod metadata;
mod open_doors;
mod papers_over_http;
mod people;
mod register;
mod remote_batches;
mod service;
mod tenancy;
mod text_encoding;
// the keeping
mod backlog;
mod batch_bodies;
mod batch_survival;
mod buckets;
mod doorbells;
mod faults;
mod full_disk;
mod keeping;
mod kills;
mod metrics;
mod packaging;
mod quiet;
mod poison;
mod restore_drill;
mod sandbox;
mod stopping;
mod traces;
mod two_hosts;
mod upgrades;
mod webhooks;
