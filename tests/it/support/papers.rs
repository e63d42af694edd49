//! Templates, examples, samples and the text of finished papers.

use std::{path::PathBuf, process::Command, sync::LazyLock};

use tdkt_reports::{
    intake::{Manuscript, Treatment},
    rendering::Workshop,
    settings::{GivenSettings, Settings},
    workshop_files,
};

/// The shipped templates and fonts, loaded once.
pub static WORKSHOP: LazyLock<Workshop> = LazyLock::new(|| {
    let settings = Settings::resolve(&GivenSettings::default()).expect("defaults");
    workshop_files::load(&settings).expect("the shipped templates load")
});

/// The four real blocs under `examples/`.
pub const EXAMPLES: [&str; 4] = ["kon-tum-2020", "bac-trung-bo-2023", "dong-thap-2022", "lang-son-2021"];

/// A path in the repository.
pub fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// An example's request.
pub fn example(name: &str) -> Vec<u8> {
    std::fs::read(repository(&format!("examples/{name}.json"))).expect("the example is there")
}

/// Every sample of every kind: kind, name, request.
pub fn samples() -> Vec<(String, String, Vec<u8>)> {
    let kinds = WORKSHOP.catalog().kinds();
    let all = kinds.flat_map(|kind| {
        kind.sample_names().map(|name| {
            let text = kind.sample(name).expect("listed").as_bytes().to_vec();
            (kind.manifest.kind.clone(), name.to_owned(), text)
        })
    });
    all.collect()
}

/// Checks a request and expects it to be acceptable.
pub fn manuscript(request: &[u8]) -> Manuscript {
    let accepted = WORKSHOP.check(request, Treatment::AsSent);
    accepted.unwrap_or_else(|failure| panic!("{failure:#?}")).manuscript
}

/// The PDF of an acceptable request.
pub fn pdf(request: &[u8]) -> Vec<u8> {
    WORKSHOP.render(&manuscript(request)).unwrap_or_else(|failure| panic!("{failure:#?}")).pdf
}

/// The text of a PDF as poppler reads it; pages end with a form feed.
pub fn text(pdf: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), pdf).expect("written");
    let output = Command::new("pdftotext").args(["-enc", "UTF-8"]).arg(file.path()).arg("-").output();
    let output = output.expect("pdftotext is installed (tests/run installs it)");
    assert!(output.status.success(), "pdftotext: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The sample of this name of the six-month review, as it is.
pub fn sample(name: &str) -> &'static str {
    let kind = WORKSHOP.catalog().kind("six-month-review").expect("the kind is there");
    kind.sample(name).expect("the sample is there")
}

/// The sample of this name as a value to be changed.
pub fn sample_value(name: &str) -> serde_json::Value {
    serde_json::from_str(sample(name)).expect("JSON")
}

/// The minimal sample as paper number so-and-so: as many different papers as are wanted.
pub fn numbered(number: u32) -> String {
    let mut request = sample_value("minimal");
    request["paper"]["place"] = format!("An Bình {number}").into();
    request.to_string()
}
