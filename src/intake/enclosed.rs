//! A dossier: its own data, and every paper that is copied together from it.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{
    Accepted, Enclosed, MOST_FINDINGS, Manuscript, characters, edition_of, examine, governing_day, refuse_errors,
    rules, schema_faults, signature, status_of,
};
use crate::{
    catalog::{Catalog, Kind},
    dossier::{Origins, Part, Parts},
    failure::{Failure, FailureCode, Finding, Severity},
};

/// Checks a dossier's data against its schema, and every paper of it as a paper of its own kind. All findings are said
/// of the dossier's data, each once.
pub(super) fn check(
    kind: &Kind,
    value: Value,
    mut findings: Vec<Finding>,
    catalog: &Catalog,
    covers: &dyn Fn(char) -> bool,
) -> Result<Accepted, Failure> {
    findings.extend(schema_faults::find(kind, &value, MOST_FINDINGS)?);
    findings.extend(characters::check(&value, covers));
    findings.extend(signature::check(&value));
    let places: Vec<String> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .flat_map(|finding| finding.pointers.clone())
        .collect();
    // What is wrong in the data is wrong in every paper that holds it; once is enough.
    let is_said = |finding: &Finding| {
        finding
            .pointers
            .iter()
            .any(|pointer| places.iter().any(|place| is_below(pointer, place) || is_below(place, pointer)))
    };

    let copied = Parts::of(kind, &value);
    findings.extend(copied.findings);
    let (mut enclosed, mut origins) = (Vec::new(), Vec::new());
    for part in copied.parts {
        let (paper, said) = check_part(part, catalog, covers)?;
        findings.extend(said.into_iter().filter(|finding| !is_said(finding)));
        if let Some((paper, places)) = paper {
            enclosed.push(paper);
            origins.push(places);
        }
    }
    if places.is_empty() {
        findings.extend(check_index(kind, &value, catalog)?);
    }
    let mut seen = HashSet::new();
    findings.retain(|finding| seen.insert((finding.code.clone(), finding.pointers.clone(), finding.message.clone())));
    refuse_errors(&mut findings)?;

    let (day, status) = (governing_day(&value), status_of(&value));
    let edition = edition_of(&value, kind, catalog, day)?.id.clone();
    let manuscript = Manuscript { kind: kind.manifest.kind.clone(), status, edition, day, request: value, enclosed };
    Ok(Accepted { manuscript, findings, origins })
}

fn is_below(pointer: &str, place: &str) -> bool {
    pointer.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

type Checked = (Option<(Enclosed, Origins)>, Vec<Finding>);

fn check_part(part: Part, catalog: &Catalog, covers: &dyn Fn(char) -> bool) -> Result<Checked, Failure> {
    let Part { kind, file_name, of, request, origins } = part;
    let kind =
        catalog.kind(&kind).ok_or_else(|| Failure::internal(format!("a dossier's part of kind {kind} is gone")))?;
    match examine(kind, request, Vec::new(), catalog, covers) {
        Ok(Accepted { manuscript, findings, .. }) => {
            let findings = findings.into_iter().map(|finding| origins.lead_back(finding)).collect();
            Ok((Some((Enclosed { file_name, of, manuscript }, origins)), findings))
        }
        Err(failure) if matches!(failure.code, FailureCode::InvalidDocument | FailureCode::NoEdition) => {
            Ok((None, failure.findings.into_iter().map(|finding| origins.lead_back(finding)).collect()))
        }
        Err(failure) => Err(failure),
    }
}

/// The dossier's own paper is its index: what every paper has is checked, the content is that of the others.
fn check_index(kind: &Kind, value: &Value, catalog: &Catalog) -> Result<Vec<Finding>, Failure> {
    let (status, day) = (status_of(value), governing_day(value));
    let edition = edition_of(value, kind, catalog, day)?;
    let own = json!({"kind": value["kind"], "status": value["status"], "paper": value["paper"], "content": {}});
    rules::check(&own, status, day, Some(edition), kind, catalog)
}
