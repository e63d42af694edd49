//! `kinds`, `schema KIND`, `sample KIND [NAME]`, `openapi`.

use super::output;
use crate::{
    api::contract,
    failure::{Failure, FailureCode},
    rendering::Workshop,
    settings::Settings,
};

pub(super) fn list(settings: &Settings) -> Result<(), Failure> {
    let workshop = super::workshop(settings)?;
    let lines = workshop.catalog().kinds().map(|kind| {
        let samples: Vec<&str> = kind.sample_names().collect();
        format!("{}\t{}\t{}\n", kind.manifest.kind, kind.manifest.title, samples.join(", "))
    });
    output::print(lines.collect::<String>().as_bytes())
}

pub(super) fn schema(kind: &str, settings: &Settings) -> Result<(), Failure> {
    let workshop = super::workshop(settings)?;
    let found = workshop.catalog().kind(kind).ok_or_else(|| unknown(kind, &workshop))?;
    output::print(format!("{:#}\n", found.schema).as_bytes())
}

/// The HTTP interface of a service with these templates.
pub(super) fn openapi(settings: &Settings) -> Result<(), Failure> {
    let workshop = super::workshop(settings)?;
    output::print(format!("{:#}\n", contract::document(workshop.catalog())).as_bytes())
}

pub(super) fn sample(kind: &str, name: &str, settings: &Settings) -> Result<(), Failure> {
    let workshop = super::workshop(settings)?;
    let found = workshop.catalog().kind(kind).ok_or_else(|| unknown(kind, &workshop))?;
    let sample = found.sample(name).ok_or_else(|| {
        let names: Vec<&str> = found.sample_names().collect();
        Failure::new(FailureCode::UnknownSample, format!("Không có mẫu “{name}”."), "no such sample")
            .hint(format!("Các mẫu có sẵn: {}.", names.join(", ")))
    })?;
    output::print(sample.as_bytes())
}

/// No kind of that name; names those that there are.
pub(super) fn unknown(kind: &str, workshop: &Workshop) -> Failure {
    let names: Vec<&str> = workshop.catalog().kinds().map(|kind| kind.manifest.kind.as_str()).collect();
    Failure::new(FailureCode::UnknownKind, format!("Không có loại văn bản “{kind}”."), "no such kind")
        .hint(format!("Các loại văn bản: {}.", names.join(", ")))
}
