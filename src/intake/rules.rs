//! The cross-checks of the vocabulary rooms, run over one request.

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    ballot, bloc, calendar,
    catalog::{Catalog, Kind, LegalBasesDefault},
    commendation,
    document::{self, KindWords, Paper, PlaceAndDate, Status},
    emulation,
    facts::{AwardElsewhere, AwardSort, CitedLaw, Claim, Facts, ListedAward, RuleContext},
    failure::{Failure, Finding, Severity},
    initiative,
    regulation::{self, Edition},
};

/// Every finding of every rule; without an edition, what its catalogue decides is left out. The schema has accepted the request, so it can be read into the rooms' own types.
pub(super) fn check(
    request: &Value,
    status: Status,
    day: NaiveDate,
    edition: Option<&Edition>,
    kind: &Kind,
    catalog: &Catalog,
) -> Result<Vec<Finding>, Failure> {
    // serde's own sentence repeats what was sent.
    let unreadable = |_: serde_json::Error| {
        Failure::internal(format!("schema and vocabulary disagree about {}", kind.manifest.kind))
    };
    let facts = Facts::read(request).map_err(unreadable)?;
    let paper = Paper::deserialize(&request["paper"]).map_err(unreadable)?;
    let cites: Vec<CitedLaw> = catalog
        .editions()
        .cited_laws()
        .into_iter()
        .map(|law| CitedLaw { number: law.number, name: law.name, from: law.from, until: law.until })
        .collect();
    let awards: Vec<ListedAward> =
        edition.map(|edition| edition.printable_awards().into_iter().map(listed).collect()).unwrap_or_default();
    let elsewhere = edition.map(|edition| awards_elsewhere(edition, catalog)).unwrap_or_default();
    let claims: Vec<Claim> = catalog
        .claims()
        .iter()
        .map(|claim| Claim {
            pattern: claim.pattern.clone(),
            needs: vec![claim.needs.clone()],
            message: claim.message.clone(),
        })
        .collect();
    let context = RuleContext {
        issued_on: paper.issued_on,
        effective_on: day,
        issued: status == Status::Issued,
        edition_cites: &cites,
        awards: &awards,
        awards_elsewhere: &elsewhere,
        claims: &claims,
        limits: Some(catalog.limits()),
        places: catalog.places(),
    };
    let mut findings = calendar::check_dates(request);
    findings.extend(document::check(&paper, &kind_words(kind, String::new()), &facts, &context));
    findings.extend(bloc::check(&facts, &context));
    findings.extend(emulation::check(&facts, &context));
    findings.extend(ballot::check(&facts, &context));
    findings.extend(commendation::check(&facts, &context));
    findings.extend(initiative::check(&facts, &context));
    Ok(findings)
}

/// The cross-checks over a request that has faults: its faulty places are taken out first, and what a rule says of them
/// is left out. Where too little is left to read, nothing is said.
pub(super) fn check_around(
    request: &Value,
    faults: &[Finding],
    day: NaiveDate,
    edition: Option<&Edition>,
    kind: &Kind,
    catalog: &Catalog,
) -> Vec<Finding> {
    let places: Vec<&str> = faults
        .iter()
        .filter(|fault| fault.severity == Severity::Error)
        .flat_map(|fault| &fault.pointers)
        .map(String::as_str)
        .collect();
    let mut rest = request.clone();
    places.iter().for_each(|place| take_out(&mut rest, place));
    let touches =
        |pointer: &String| places.iter().any(|place| pointer.starts_with(place) || place.starts_with(pointer.as_str()));
    let mut findings = check(&rest, super::status_of(request), day, edition, kind, catalog).unwrap_or_default();
    findings.retain(|finding| !finding.pointers.iter().any(touches));
    findings
}

/// Removes a member of an object; items of lists stay, so that the pointers of the others stay true.
fn take_out(request: &mut Value, pointer: &str) {
    let Some((parent, name)) = pointer.rsplit_once('/') else { return };
    if let Some(Value::Object(object)) = request.pointer_mut(parent) {
        object.remove(&name.replace("~1", "/").replace("~0", "~"));
    }
}

/// Names that only the catalogues of other editions have.
fn awards_elsewhere(edition: &Edition, catalog: &Catalog) -> Vec<AwardElsewhere> {
    let own: Vec<&str> = edition.printable_awards().iter().map(|award| award.name.as_str()).collect();
    let mut found: Vec<AwardElsewhere> = Vec::new();
    for other in catalog.editions().iter().filter(|other| other.id != edition.id) {
        for award in other.printable_awards().into_iter().filter(|award| !own.contains(&award.name.as_str())) {
            match found.iter_mut().find(|known| known.name == award.name) {
                Some(known) => known.editions.push_str(&format!(", {}", other.with_days())),
                None => found.push(AwardElsewhere { name: award.name.clone(), editions: other.with_days() }),
            }
        }
    }
    found
}

fn listed(award: &regulation::Award) -> ListedAward {
    ListedAward {
        id: award.id.clone(),
        name: award.name.clone(),
        sort: match award.sort {
            regulation::AwardSort::Title => AwardSort::Title,
            regulation::AwardSort::Commendation => AwardSort::Commendation,
        },
        decided_by: award.decided_by.clone(),
        least_completed: award.least_completed,
        least_advanced: award.least_advanced,
        record: award.record,
        record_law: award.record_law.clone(),
    }
}

/// What a kind's manifest tells the document room.
pub fn kind_words(kind: &Kind, subject: String) -> KindWords {
    let manifest = &kind.manifest;
    KindWords {
        official_type: manifest.official_type.clone(),
        abbreviation: manifest.abbreviation.clone(),
        subject,
        keywords: vec![manifest.title.clone(), "thi đua, khen thưởng".to_owned()],
        addressed_upward: manifest.addressed_upward,
        rests_on_edition: manifest.legal_bases == LegalBasesDefault::Edition,
        statement: manifest.check_kind == "statement",
        place_and_date: match manifest.check_kind.as_str() {
            "minutes" => PlaceAndDate::Omitted,
            _ => PlaceAndDate::Printed,
        },
    }
}
