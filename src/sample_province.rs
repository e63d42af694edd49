//! An invented province at the end of its year: blocs, units, people and everything they send, for trials and drills.
//!
//! The rule: the seed decides every byte. Names are built from lists and belong to nobody; three blocs send nothing, two send
//! faulty figures, some share a rank, some correct themselves.

mod bloc;
mod chance;
mod names;
mod papers;

use serde_json::{Value, json};

use bloc::Bloc;
use chance::Chance;
use names::Places;

/// The year that is closed.
pub const YEAR: i32 = 2026;

/// What is to be invented.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub seed: u64,
    pub blocs: usize,
    /// Papers of one bloc; the half-year review, the annual summary and the dossier come first.
    pub papers: usize,
    /// Blocs that send nothing.
    pub missing: usize,
    /// Blocs whose figures contradict each other.
    pub faulty: usize,
}

/// A file of the folder.
#[derive(Debug)]
pub struct InventedFile {
    pub name: String,
    pub text: String,
}

/// The folder of a closing: `province.json` and a file for each bloc that has sent something.
pub fn invent(plan: &Plan) -> Vec<InventedFile> {
    let mut chance = Chance::new(plan.seed);
    let mut places = Places::new(&mut chance);
    let blocs: Vec<Bloc> =
        (0..plan.blocs).map(|index| Bloc::invent(index, plan.blocs, &mut chance, &mut places)).collect();
    let mut silent = chance.some_of(plan.blocs, plan.missing + plan.faulty);
    let faulty = silent.split_off(plan.missing.min(silent.len()));
    let mut files = vec![file("province".to_owned(), &register(&blocs))];
    for (index, bloc) in blocs.iter().enumerate().filter(|(index, _)| !silent.contains(index)) {
        let mut sent = papers::sent(bloc, plan.papers, &mut chance);
        if faulty.contains(&index) {
            spoil(&mut sent);
        }
        files.push(file(bloc.id.clone(), &sent));
    }
    files
}

fn file(id: String, content: &Value) -> InventedFile {
    InventedFile { name: format!("{id}.json"), text: format!("{content:#}\n") }
}

/// Totals that are not the sums of their rows, in the annual summary.
fn spoil(sent: &mut Value) {
    let papers = sent["papers"].as_array_mut().into_iter().flatten();
    for paper in papers.filter(|paper| paper["kind"] == "annual-summary") {
        for total in ["/content/commendation_totals/collective", "/content/member_count"] {
            if let Some(figure) = paper.pointer_mut(total) {
                *figure = json!(figure.as_u64().unwrap_or_default() + 3);
            }
        }
    }
}

/// The register: who belongs where, what is due, and the province's own words for its report.
fn register(blocs: &[Bloc]) -> Value {
    let mut units = Vec::new();
    for bloc in blocs {
        for member in &bloc.members {
            units.push(json!({"id": member.id, "name": member.name, "valid_from": "2025-07-01"}));
        }
    }
    // The order of units means nothing.
    units.sort_by(|one, other| one["id"].as_str().cmp(&other["id"].as_str()));
    let listed: Vec<Value> = blocs
        .iter()
        .map(|bloc| {
            let roles = [Some("head"), Some("deputy")].into_iter().chain(std::iter::repeat(None));
            let members: Vec<Value> = bloc
                .members
                .iter()
                .zip(roles)
                .map(|(member, role)| match role {
                    Some(role) => json!({"unit": member.id, "role": role}),
                    None => json!({"unit": member.id}),
                })
                .collect();
            json!({"id": bloc.id, "name": bloc.name, "form": bloc.form, "members": members})
        })
        .collect();
    json!({
        "province": "tỉnh An Bình",
        "year": YEAR,
        "periods": {
            "2026": {"from": "2025-12-15", "to": "2026-12-14", "due": "2026-12-28"},
            "2026-H1": {"due": "2026-07-25"},
        },
        "units": units,
        "blocs": listed,
        "report": papers::report(blocs.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan { seed: 7, blocs: 12, papers: 4, missing: 3, faulty: 2 };

    fn texts(plan: &Plan) -> Vec<String> {
        invent(plan).into_iter().map(|file| file.text).collect()
    }

    #[test]
    fn the_seed_decides_every_byte() {
        assert_eq!(texts(&PLAN), texts(&PLAN));
        assert_ne!(texts(&PLAN), texts(&Plan { seed: 8, ..PLAN }));
    }

    #[test]
    fn as_many_blocs_are_silent_as_was_asked_and_every_name_stands_once() {
        let files = invent(&PLAN);
        assert_eq!(files.len(), 1 + PLAN.blocs - PLAN.missing);
        let register: Value = serde_json::from_str(&files[0].text).unwrap();
        for list in ["units", "blocs"] {
            let mut names: Vec<&str> =
                register[list].as_array().unwrap().iter().filter_map(|it| it["name"].as_str()).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{list}");
        }
        for bloc in register["blocs"].as_array().unwrap() {
            assert!((8..=24).contains(&bloc["members"].as_array().unwrap().len()));
        }
    }

    #[test]
    fn somewhere_two_units_share_a_rank_and_somebody_corrects_himself() {
        let files = invent(&Plan { blocs: 30, ..PLAN });
        let sent: Vec<Value> = files[1..].iter().map(|file| serde_json::from_str(&file.text).unwrap()).collect();
        let ranks = |sent: &Value| {
            let nominations = sent["papers"][1]["content"]["nominations"].as_array().unwrap().clone();
            nominations.iter().filter_map(|it| it["rank"].as_u64()).collect::<Vec<_>>()
        };
        assert!(sent.iter().any(|sent| ranks(sent).windows(2).any(|pair| pair[0] == pair[1])));
        assert!(sent.iter().any(|sent| sent.get("adjustment").is_some()));
    }
}
