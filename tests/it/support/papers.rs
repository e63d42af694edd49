//! Templates, examples, samples and the text of finished papers.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use serde_json::Value;
use tdkt_reports::{
    catalog::TemplateFiles,
    intake::{Manuscript, Treatment},
    marks::Marks,
    rendering::Workshop,
    settings::{GivenSettings, Settings},
    typesetting::{FontFile, FontShelf, Sheet, Typesetter, TypesettingError},
    vietnamese, workshop_files,
};

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("listed").map(|entry| entry.expect("listed")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

/// The shipped templates and fonts, loaded once.
pub static WORKSHOP: LazyLock<Workshop> = LazyLock::new(|| {
    let settings = Settings::resolve(&GivenSettings::default()).expect("defaults");
    workshop_files::load(&settings).expect("the shipped templates load")
});

static FONTS: LazyLock<Vec<FontFile>> =
    LazyLock::new(|| workshop_files::fonts(Path::new("")).expect("the shipped fonts load"));

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

/// An example's request as a value.
pub fn example_value(name: &str) -> Value {
    serde_json::from_slice(&example(name)).expect("JSON")
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

/// The simple review with something remarkable, not wrong (D06): both decisions are of the period.
pub fn remarkable() -> String {
    let mut request = sample_value("simple");
    request["content"]["bloc"]["established_by"]["date"] = "2026-01-15".into();
    request["content"]["bloc"]["recognised_by"]["date"] = "2026-01-19".into();
    request.to_string()
}

/// A sample of the six-month review as a value.
pub fn sample_value(name: &str) -> Value {
    sample_of("six-month-review", name)
}

/// A sample of any kind as a value.
pub fn sample_of(kind: &str, name: &str) -> Value {
    let kind = WORKSHOP.catalog().kind(kind).expect("the kind is there");
    serde_json::from_str(kind.sample(name).expect("the sample is there")).expect("JSON")
}

/// Whether files that tests hold are to be written anew.
pub fn blessing() -> bool {
    std::env::var_os("TDKT_BLESS").is_some()
}

/// Every sample and every example, named.
pub fn all_requests() -> Vec<(String, Vec<u8>)> {
    let samples = samples().into_iter().map(|(kind, name, request)| (format!("{kind}/{name}"), request));
    samples.chain(EXAMPLES.iter().map(|name| ((*name).to_owned(), example(name)))).collect()
}

/// What the layout law takes a manuscript's paper for.
pub fn check_kind(manuscript: &Manuscript) -> &'static str {
    &WORKSHOP.catalog().kind(&manuscript.kind).expect("the kind is there").manifest.check_kind
}

/// Names of all files under `examples/`, without ending.
pub fn every_example() -> Vec<String> {
    let files = std::fs::read_dir(repository("examples")).expect("the examples are there");
    let names = files.filter_map(|file| {
        let name = file.expect("an entry").file_name().into_string().expect("UTF-8");
        name.strip_suffix(".json").map(str::to_owned)
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// Checks a request and expects it to be acceptable.
pub fn manuscript(request: &[u8]) -> Manuscript {
    let accepted = WORKSHOP.check(request, Treatment::AsSent);
    accepted.unwrap_or_else(|failure| panic!("{failure:#?}")).manuscript
}

/// The same for a request as a value.
pub fn manuscript_of(request: &Value) -> Manuscript {
    manuscript(request.to_string().as_bytes())
}

/// The PDF of an acceptable request.
pub fn pdf(request: &[u8]) -> Vec<u8> {
    WORKSHOP.render(&manuscript(request)).unwrap_or_else(|failure| panic!("{failure:#?}")).pdf
}

/// What is made of an acceptable request: a PDF, or the ZIP file of a dossier.
pub fn made(request: &[u8]) -> Vec<u8> {
    WORKSHOP.make(&manuscript(request)).unwrap_or_else(|failure| panic!("{failure:#?}")).bytes
}

/// A manuscript's papers with their names: itself, of a dossier the index, and whatever it encloses.
pub fn papers_of(manuscript: &Manuscript) -> Vec<(String, &Manuscript)> {
    let own = if manuscript.enclosed.is_empty() { "" } else { "muc-luc" };
    let enclosed = manuscript.enclosed.iter().map(|paper| (paper.file_name.clone(), &paper.manuscript));
    std::iter::once((own.to_owned(), manuscript)).chain(enclosed).collect()
}

/// The text of a PDF as poppler reads it; pages end with a form feed.
pub fn text(pdf: &[u8]) -> String {
    read_text(pdf, &["-enc", "UTF-8"])
}

/// A page's text in the order in which the file holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Whether it has the draft's mark in its margin.
    pub draft: bool,
    /// The number in its top margin.
    pub number: Option<u32>,
    /// All else.
    pub text: String,
}

/// The pages of a PDF. No hyphen is taken from a line's end, and margin mark and page number are apart from the text.
pub fn pages(pdf: &[u8]) -> Vec<Page> {
    let text = read_text(pdf, &["-enc", "UTF-8", "-raw"]);
    let pages = text.strip_suffix('\u{c}').unwrap_or(&text).split('\u{c}');
    pages.map(page).collect()
}

fn page(text: &str) -> Page {
    let (draft, rest) = match text.strip_prefix("DỰ\nTHẢO") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (first, below) = rest.split_once('\n').unwrap_or((rest, ""));
    match first.trim().parse() {
        Ok(number) => Page { draft, number: Some(number), text: below.to_owned() },
        Err(_) => Page { draft, number: None, text: rest.to_owned() },
    }
}

/// The text of all pages without any whitespace.
pub fn whole(pages: &[Page]) -> String {
    pages.iter().map(|page| compact(&page.text)).collect()
}

/// NFC, without any whitespace.
pub fn compact(text: &str) -> String {
    vietnamese::nfc(text).chars().filter(|c| !c.is_whitespace()).collect()
}

fn read_text(pdf: &[u8], options: &[&str]) -> String {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), pdf).expect("written");
    let output = Command::new("pdftotext").args(options).arg(file.path()).arg("-").output();
    let output = output.expect("pdftotext is installed (tests/run installs it)");
    assert!(output.status.success(), "pdftotext: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The marks of a paper set with the shipped templates, some files changed; nothing inspects them.
pub fn marks_with(
    change: impl FnOnce(&mut BTreeMap<String, String>),
    manuscript: &Manuscript,
) -> Result<Marks, TypesettingError> {
    let mut files = TemplateFiles::embedded().into_memory();
    change(&mut files);
    let files = TemplateFiles::from_memory(files);
    let workshop = Workshop::new(&files, FONTS.clone()).unwrap_or_else(|error| panic!("{error}"));
    let shelf = FontShelf::new(FONTS.clone()).expect("the shipped fonts");
    let typesetter = Typesetter::new(shelf, workshop.catalog().layout())?;
    let sheet = Sheet {
        source: workshop.source(manuscript).unwrap_or_else(|failure| panic!("{failure:#?}")),
        day: manuscript.day,
        identity: String::new(),
        signature_image: None,
        source_data: None,
    };
    typesetter.set(&sheet, |pages| Ok(pages.marks()))
}

/// Replaces a passage that must be there.
pub fn replace(files: &mut BTreeMap<String, String>, path: &str, from: &str, to: &str) {
    let text = files.get_mut(path).unwrap_or_else(|| panic!("there is no {path}"));
    assert!(text.contains(from), "{path} has no {from:?}");
    *text = text.replacen(from, to, 1);
}

/// The sample of this name of the six-month review, as it is.
pub fn sample(name: &str) -> &'static str {
    let kind = WORKSHOP.catalog().kind("six-month-review").expect("the kind is there");
    kind.sample(name).expect("the sample is there")
}

/// The minimal sample as paper number so-and-so: as many different papers as are wanted.
pub fn numbered(number: u32) -> String {
    at(&format!("An Bình {number}"))
}

/// The minimal sample, written at this place.
pub fn at(place: &str) -> String {
    let mut request = sample_value("minimal");
    request["paper"]["place"] = place.into();
    request.to_string()
}

/// An incremental update as a signing program writes one: an object more, and a further table that leads to the earlier one.
pub fn updated(pdf: &[u8], objects: &str) -> Vec<u8> {
    let tail = String::from_utf8_lossy(&pdf[pdf.len() - 64..]).into_owned();
    let before: usize = tail.split_whitespace().rev().nth(1).and_then(|it| it.parse().ok()).expect("startxref");
    let document = lopdf::Document::load_mem(pdf).expect("a PDF");
    let (root, root_generation) = document.trailer.get(b"Root").and_then(|it| it.as_reference()).expect("a root");
    let next = document.max_id + 1;
    let mut file = pdf.to_vec();
    file.push(b'\n');
    let at = file.len();
    file.extend_from_slice(objects.replace("$NEXT", &next.to_string()).as_bytes());
    let number: u32 =
        objects.replace("$NEXT", &next.to_string()).split(' ').next().and_then(|it| it.parse().ok()).expect("a number");
    let table = file.len();
    let trailer = format!(
        "xref\n{number} 1\n{at:010} 00000 n \ntrailer\n<< /Size {} /Root {root} {root_generation} R /Prev {before} >>\nstartxref\n{table}\n%%EOF\n",
        next + 1
    );
    file.extend_from_slice(trailer.as_bytes());
    file
}
