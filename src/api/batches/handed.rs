//! What a batch is handed in as: JSON that holds requests or names a period, a request a line, or a ZIP file.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    api::body::Media,
    closing::Leniency,
    desk::{
        Figures,
        batches::{Choice, Handed, OfRegister},
    },
    failure::{Failure, FailureCode, Finding, Severity, keep_told},
    fingerprint, intake,
    register::PeriodId,
    rendering::Workshop,
};

/// What lines and ZIP files cannot say themselves.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Options {
    accept_partial: Option<bool>,
    kind: Option<String>,
    period: Option<String>,
    sources: Option<bool>,
}

/// A batch, read.
pub(super) struct Read {
    pub(super) handed: Handed,
    pub(super) leniency: Leniency,
    /// What tells it from another under the same key.
    pub(super) request: String,
}

/// A batch of requests as it is handed in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Requests {
    #[serde(default)]
    accept_partial: bool,
    requests: Vec<Value>,
}

/// A batch of what the register has.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FromRegister {
    #[serde(default)]
    accept_partial: bool,
    period: String,
    #[serde(default)]
    kind: Option<KindOrKinds>,
    #[serde(default)]
    blocs: Option<Vec<String>>,
    #[serde(default)]
    figures: Option<String>,
    #[serde(default)]
    sources: bool,
}

/// A kind, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "kind has to be a kind or a list of kinds")]
enum KindOrKinds {
    One(String),
    Several(Vec<String>),
}

/// Reads a body of at most `most` bytes, packed or not.
pub(super) fn read(
    media: Media,
    body: Vec<u8>,
    options: Options,
    (workshop, most): (&Workshop, usize),
) -> Result<Read, Failure> {
    let media = match media {
        Media::Json | Media::Many | Media::Pdf => return read_json(&body, &options, (workshop, most)),
        Media::Lines => "lines",
        Media::Zip => "zip",
    };
    let request = format!("{media} {options:?} {}", fingerprint::of(&body));
    let leniency = leniency(options.accept_partial.unwrap_or(false));
    let choice = choice(options, workshop)?;
    let handed = match media {
        "lines" => Handed::Lines(body, choice),
        _ => Handed::Zip { bytes: body, most, choice },
    };
    Ok(Read { handed, leniency, request })
}

fn read_json(body: &[u8], options: &Options, (workshop, most): (&Workshop, usize)) -> Result<Read, Failure> {
    if *options != Options::default() {
        let (message, message_en) =
            ("Với JSON, các lựa chọn ghi trong nội dung gửi lên.", "With JSON the options stand in the body.");
        return Err(Failure::new(FailureCode::BadParameter, message, message_en)
            .hint("Ví dụ: {\"accept_partial\": true, \"requests\": [ … ]}."));
    }
    let (value, duplicates) = intake::read_many(body, most)?;
    if !duplicates.is_empty() {
        return Err(Failure::invalid_document(duplicates));
    }
    let request = intake::canonical_of(&value);
    let (handed, accept_partial) = if value.get("period").is_none() {
        let asked = Requests::deserialize(value).map_err(|error| malformed(&error))?;
        // One after the other: what is written out need not stand here twice.
        let requests = asked.requests.into_iter().map(|request| request.to_string().into_bytes()).collect();
        (Handed::Requests(requests), asked.accept_partial)
    } else {
        of_register(value, workshop)?
    };
    Ok(Read { handed, leniency: leniency(accept_partial), request })
}

fn leniency(accept_partial: bool) -> Leniency {
    if accept_partial { Leniency::AcceptPartial } else { Leniency::AllOrNothing }
}

fn choice(options: Options, workshop: &Workshop) -> Result<Choice, Failure> {
    let period = options.period.map(|period| period_of(&period)).transpose();
    // Several are parted by commas, as the command has them.
    let kinds = options.kind.iter().flat_map(|kinds| kinds.split(','));
    let kinds = kinds.map(|kind| known("/kind", kind, workshop)).collect::<Result<Vec<_>, _>>();
    match (period, kinds) {
        (Ok(period), Ok(kinds)) => Ok(Choice { kinds, period, sources: options.sources.unwrap_or(false) }),
        (Err(finding), _) | (_, Err(finding)) => {
            Err(Failure::new(FailureCode::BadParameter, finding.message, finding.message_en)
                .hint("Ví dụ: ?kind=annual-summary,award-dossier&period=2026&accept_partial=true"))
        }
    }
}

pub(super) fn bad_options() -> Failure {
    Failure::new(
        FailureCode::BadParameter,
        "Tham số của lô không đúng.",
        "The parameters of a batch are accept_partial, kind, period and sources.",
    )
    .hint("Ví dụ: ?kind=annual-summary&period=2026&accept_partial=true")
}

fn fault(at: &str, message: &str, message_en: &str, found: &str) -> Finding {
    Finding::new("batch", Severity::Error, at, message, message_en).found(found)
}

fn period_of(period: &str) -> Result<PeriodId, Finding> {
    period.parse().map_err(|_| {
        fault("/period", "Không có kỳ báo cáo này.", "There is no such period.", period)
            .expected("2026-H1, 2026-H2 hoặc 2026")
    })
}

fn known(at: &str, kind: &str, workshop: &Workshop) -> Result<String, Finding> {
    if workshop.catalog().kind(kind).is_some() {
        return Ok(kind.to_owned());
    }
    Err(fault(at, "Không có loại văn bản này.", "There is no such kind.", kind))
}

/// The kinds that are asked for, or every one that there is not.
fn kinds_of(asked: Option<KindOrKinds>, workshop: &Workshop) -> Result<Vec<String>, Vec<Finding>> {
    let several = match asked {
        None => return Ok(Vec::new()),
        Some(KindOrKinds::One(kind)) => {
            return known("/kind", &kind, workshop).map(|kind| vec![kind]).map_err(|it| vec![it]);
        }
        Some(KindOrKinds::Several(several)) => several,
    };
    if several.is_empty() {
        return Err(vec![fault("/kind", "Danh sách trống; bỏ trường này để lấy tất cả.", "The list is empty.", "[]")]);
    }
    let (mut kinds, mut unknown) = (Vec::new(), Vec::new());
    for (place, kind) in several.iter().enumerate() {
        match known(&format!("/kind/{place}"), kind, workshop) {
            Ok(kind) if kinds.contains(&kind) => {}
            Ok(kind) => kinds.push(kind),
            Err(finding) => {
                unknown.push(finding);
                keep_told(&mut unknown);
            }
        }
    }
    if unknown.is_empty() { Ok(kinds) } else { Err(unknown) }
}

/// What is asked of the register, and whether a part of it will do.
fn of_register(value: Value, workshop: &Workshop) -> Result<(Handed, bool), Failure> {
    let asked = FromRegister::deserialize(value).map_err(|error| malformed(&error))?;
    let period = period_of(&asked.period);
    let kinds = kinds_of(asked.kind, workshop);
    let figures = match asked.figures.as_deref() {
        None | Some("newest") => Ok(Figures::Newest),
        Some("closed") => Ok(Figures::Closed),
        Some(other) => Err(fault("/figures", "Không có cách lấy số liệu này.", "There are no such figures.", other)
            .expected("newest (mới nhất) hoặc closed (đã chốt)")),
    };
    let blocs = match asked.blocs {
        Some(blocs) if blocs.is_empty() => {
            Err(fault("/blocs", "Danh sách trống; bỏ trường này để lấy tất cả.", "The list is empty.", "[]"))
        }
        blocs => Ok(blocs),
    };
    match (period, kinds, figures, blocs) {
        (Ok(period), Ok(kinds), Ok(figures), Ok(blocs)) => {
            let asked_of = OfRegister { period, kinds, blocs, figures, sources: asked.sources };
            Ok((Handed::Sent(asked_of), asked.accept_partial))
        }
        (period, kinds, figures, blocs) => {
            let mut faults: Vec<Finding> = period.err().into_iter().collect();
            faults.extend(kinds.err().into_iter().flatten());
            faults.extend([figures.err(), blocs.err()].into_iter().flatten());
            Err(Failure::invalid_document(faults))
        }
    }
}

fn malformed(error: &serde_json::Error) -> Failure {
    Failure::new(FailureCode::MalformedJson, "Lô gửi lên không đúng khuôn dạng.", error.to_string())
        .hint("Gửi {\"requests\": [ … ]}, hoặc {\"period\": \"2026\"} để lập từ sổ đăng ký.")
}
