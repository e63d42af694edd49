//! The folder of inputs: which files there are, and which papers each asks for.

mod names;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;

use super::{
    Fault, Register,
    register::{Sent, is_plain},
    whole,
};
use crate::{
    binding::{Bound, bind},
    failure::{Failure, FailureCode, Finding, Severity},
    intake,
};
use names::{plain_stem, taken, twice, unreadable};

/// Name of the register in the folder.
const REGISTER: &str = "province.json";

/// The names of what is in the folder, in their order; nothing is read but the register.
pub struct Inputs {
    pub register: Option<Register>,
    pub files: Vec<Input>,
}

/// Where a file's papers are.
#[derive(Debug)]
pub enum Input {
    /// On disk; read when it is looked at.
    OnDisk(PathBuf),
    /// What a bloc has sent, by the name of its file.
    Sent(String, Box<Sent>),
    /// In memory, by its name.
    Held(String, Vec<u8>),
    /// Requests that came together.
    Requests(Vec<Vec<u8>>),
    /// Requests that came together, one a line.
    Lines(Vec<u8>),
}

/// What requests that came a line each are called where a file's name would stand.
pub const LINES: &str = "lines";

impl Input {
    /// The name of the file.
    pub fn name(&self) -> String {
        match self {
            Self::OnDisk(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            Self::Sent(name, _) | Self::Held(name, _) => name.clone(),
            Self::Requests(_) => String::new(),
            Self::Lines(_) => LINES.to_owned(),
        }
    }

    /// The papers that it asks for; where there are more than `most`, one more than that.
    ///
    /// # Errors
    /// When a file cannot be read, or is none of ours.
    pub fn read(self, most: usize) -> Result<InputFile, Failure> {
        let (name, most) = (self.name(), most.saturating_add(1));
        match self {
            Self::OnDisk(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                plain_stem(&name)?;
                read(name, fs::read(&path).map_err(|error| unreadable(&error))?, most)
            }
            Self::Held(_, bytes) => read(name, bytes, most),
            Self::Sent(_, sent) => {
                let stem = sent.bloc.clone();
                Ok(of_bloc(name, &stem, *sent, most))
            }
            Self::Requests(requests) => {
                let asked = requests.into_iter().enumerate().take(most).map(|(number, request)| {
                    let kind = kind_of(&serde_json::from_slice(&request).unwrap_or_default());
                    Asked { name: format!("{:05}-{kind}", number + 1), at: format!("/{number}"), request, kind }
                });
                Ok(InputFile { name, sent: None, asked: asked.collect() })
            }
            Self::Lines(bytes) => {
                let asked = lines(&bytes).take(most).map(|(line, request)| asked_in_line("", line, request));
                Ok(InputFile { name, sent: None, asked: asked.collect() })
            }
        }
    }
}

/// Lines that hold something, with their numbers, from 1.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    lines.map(|(line, text)| (line + 1, text)).filter(|(_, text)| !text.trim_ascii().is_empty())
}

fn asked_in_line(folder: &str, line: usize, request: &[u8]) -> Asked {
    let kind = kind_of(&serde_json::from_slice(request).unwrap_or_default());
    Asked { name: format!("{folder}{line:05}-{kind}"), at: format!("/{line}"), request: request.to_vec(), kind }
}

/// One paper that is asked for.
#[derive(Debug)]
pub struct Asked {
    /// Name in the result, without extension.
    pub name: String,
    /// Place of the request in its file.
    pub at: String,
    pub request: Vec<u8>,
    pub kind: String,
}

/// A file, read.
#[derive(Debug)]
pub struct InputFile {
    pub name: String,
    pub sent: Option<Sent>,
    pub asked: Vec<Asked>,
}

impl Inputs {
    /// Looks into the folder.
    ///
    /// # Errors
    /// When it cannot be read, or holds no file.
    pub fn find(folder: &Path) -> Result<(Self, Vec<Fault>), Failure> {
        let unreadable = |error: std::io::Error| {
            Failure::new(
                FailureCode::BadParameter,
                format!("Không đọc được thư mục {}.", folder.display()),
                format!("{}: {error}", folder.display()),
            )
            .hint("Kiểm tra tên thư mục và quyền đọc.")
        };
        let (mut files, mut faults) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if names::is_passed_over(&name) {
                continue;
            }
            if path.is_dir() {
                faults.extend(names::holds_files(&path).then(|| names::folder_inside(&name)));
                continue;
            }
            let is_there = path.is_file().then_some(path).ok_or_else(names::no_file);
            match names::stem(&name).and(is_there) {
                Ok(path) => files.push(path),
                Err(failure) => faults.push(Fault { file: name, at: String::new(), failure, more: 0 }),
            }
        }
        files.sort();
        faults.sort_by(|one, other| one.file.cmp(&other.file));
        let at = files.iter().position(|path| path.file_name().is_some_and(|name| name == REGISTER));
        let register = match at.map(|at| files.remove(at)) {
            None => None,
            Some(path) => register_in(&fs::read(&path).map_err(unreadable)?, &mut faults),
        };
        if files.is_empty() && faults.is_empty() {
            return Err(Failure::new(
                FailureCode::BadParameter,
                format!("Thư mục {} không có tệp dữ liệu nào.", folder.display()),
                "the folder holds no .json file",
            )
            .hint("Dựng thử dữ liệu mẫu bằng lệnh `tdkt-reports province-sample`."));
        }
        Ok((Self { register, files: files.into_iter().map(Input::OnDisk).collect() }, faults))
    }

    /// What was in a folder, by the names of its files. A name that is no file's of a folder of inputs is a fault of the
    /// whole, for it may be a person's: it is told, and kept nowhere.
    pub fn held(files: Vec<(String, Vec<u8>)>) -> (Self, Vec<Fault>) {
        let (mut held, mut faults): (BTreeMap<String, Vec<u8>>, _) = (BTreeMap::new(), Vec::new());
        let results = names::results(files.iter().map(|(path, _)| path.as_str()));
        let seen = |path: &str| !names::steps(path).into_iter().any(names::is_passed_over);
        let files: Vec<_> = files.into_iter().filter(|(path, _)| seen(path)).collect();
        let own = names::common(&files.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>());
        let mut inside = BTreeSet::new();
        for (path, bytes) in files.into_iter().filter(|(path, _)| !names::is_inside(path, own, &results)) {
            let steps = names::steps(&path).split_off(own);
            let name = steps.last().copied().unwrap_or_default().to_owned();
            if let ([first, _, ..], false) = (&steps[..], held.contains_key(&name)) {
                faults.extend(inside.insert((*first).to_owned()).then(|| names::folder_inside(first)));
                continue;
            }
            let fit = if held.contains_key(&name) { Err(twice()) } else { plain_stem(&name) };
            match fit {
                Ok(_) => drop(held.insert(name, bytes)),
                Err(failure) => faults.push(Fault { file: name, at: String::new(), failure, more: 0 }),
            }
        }
        let register = held.remove(REGISTER).and_then(|bytes| register_in(&bytes, &mut faults));
        (Self { register, files: held.into_iter().map(|(name, bytes)| Input::Held(name, bytes)).collect() }, faults)
    }
}

fn register_in(bytes: &[u8], faults: &mut Vec<Fault>) -> Option<Register> {
    match read_register(bytes) {
        Ok(register) => Some(register),
        Err(failure) => {
            faults.push(Fault { file: REGISTER.into(), at: String::new(), failure, more: 0 });
            None
        }
    }
}

/// A folder as the ZIP file that [`Inputs::held`] reads as [`Inputs::find`] reads the folder. A file whose name is no name
/// of papers is left out on disk, and would be a fault of the whole among others.
///
/// # Errors
/// When the folder or a file cannot be read.
pub fn packed(folder: &Path) -> Result<Vec<u8>, Failure> {
    let (inputs, _told_where_it_is_checked) = Inputs::find(folder)?;
    let names = inputs.files.iter().map(Input::name).filter(|name| plain_stem(name).is_ok());
    let names = inputs.register.iter().map(|_| REGISTER.to_owned()).chain(names);
    let read = |name: String| fs::read(folder.join(&name)).map(|bytes| Bound { name, bytes });
    let files: Vec<Bound> = names.map(read).collect::<Result<_, _>>().map_err(|error| unreadable(&error))?;
    bind(&files).map_err(|error| Failure::internal(format!("a folder cannot be packed: {error}")))
}

/// A province's folder: the register, and what each bloc has sent, by the name of its file.
pub type ProvinceFolder = (Option<Register>, Vec<(String, Sent)>);

/// Reads a province's folder as it stands, with every fault of its files. A file that is no bloc's is one.
///
/// # Errors
/// When the folder cannot be read, or holds no file.
pub fn province(folder: &Path) -> Result<(ProvinceFolder, Vec<Fault>), Failure> {
    let (inputs, mut faults) = Inputs::find(folder)?;
    let mut all = Vec::new();
    for input in inputs.files {
        let file = input.name();
        let Input::OnDisk(path) = input else { continue };
        match sent_in(&path) {
            Ok(sent) => all.push((file, sent)),
            Err(failure) => faults.push(Fault { file, at: String::new(), failure, more: 0 }),
        }
    }
    Ok(((inputs.register, all), faults))
}

fn sent_in(path: &Path) -> Result<Sent, Failure> {
    let bytes = fs::read(path).map_err(|error| unreadable(&error))?;
    Sent::deserialize(whole(&bytes)?).map_err(|error| shapeless(&error))
}

fn read_register(bytes: &[u8]) -> Result<Register, Failure> {
    let value = whole(bytes)?;
    let register = Register::deserialize(value).map_err(|error| shapeless(&error))?;
    let faults = register.faults();
    if faults.is_empty() {
        return Ok(register);
    }
    let finding = |(at, message): (String, String)| {
        Finding::new("register", Severity::Error, at, message, "the register contradicts itself")
    };
    Err(Failure::invalid_document(faults.into_iter().map(finding).collect()))
}

/// A JSON value in which no key stands twice.
fn whole(bytes: &[u8]) -> Result<Value, Failure> {
    let (value, duplicates) = intake::read(bytes)?;
    if duplicates.is_empty() { Ok(value) } else { Err(Failure::invalid_document(duplicates)) }
}

fn shapeless(error: &serde_json::Error) -> Failure {
    Failure::new(FailureCode::MalformedJson, "Tệp không đúng khuôn dạng.", error.to_string())
        .hint("Xem docs/year-end.md, hoặc dựng dữ liệu mẫu bằng lệnh `tdkt-reports province-sample`.")
}

/// Reads a file of the folder: one request, a line for each, or what a bloc has sent.
///
/// # Errors
/// When it is none of these.
fn read(name: String, bytes: Vec<u8>, most: usize) -> Result<InputFile, Failure> {
    let stem = plain_stem(&name)?.to_owned();
    if name.ends_with(".ndjson") {
        if let Some(failure) = intake::not_text(&bytes) {
            return Err(failure);
        }
        let folder = format!("{stem}/");
        let asked = lines(&bytes).take(most).map(|(line, request)| asked_in_line(&folder, line, request));
        return Ok(InputFile { asked: asked.collect(), name, sent: None });
    }
    let value = whole(&bytes)?;
    if value.get("papers").is_none() || value.get("kind").is_some() {
        if whole::is_taken(&stem) {
            return Err(taken(&stem));
        }
        let kind = kind_of(&value);
        let asked = vec![Asked { name: stem, at: String::new(), request: bytes, kind }];
        return Ok(InputFile { name, sent: None, asked });
    }
    let sent = Sent::deserialize(value).map_err(|error| shapeless(&error))?;
    Ok(of_bloc(name, &stem, sent, most))
}

fn of_bloc(name: String, stem: &str, mut sent: Sent, most: usize) -> InputFile {
    let papers = std::mem::take(&mut sent.papers).into_iter().enumerate().take(most);
    let asked = papers.map(|(index, paper)| {
        let kind = kind_of(&paper);
        let request = paper.to_string().into_bytes();
        Asked { name: format!("{stem}/{:02}-{kind}", index + 1), at: format!("/papers/{index}"), request, kind }
    });
    let asked = asked.collect();
    InputFile { name, sent: Some(sent), asked }
}

/// The kind that a request names, if it can be part of a file's name.
fn kind_of(request: &Value) -> String {
    let kind = request.get("kind").and_then(Value::as_str).filter(|kind| is_plain(kind));
    kind.unwrap_or("van-ban").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_paper_takes_the_place_of_a_file_of_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let read_as = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).unwrap();
            Input::OnDisk(folder.path().join(name)).read(usize::MAX)
        };
        for name in ["toan-tinh.json", "archive.json"] {
            let refused = read_as(name, r#"{"kind": "annual-summary"}"#).unwrap_err();
            assert_eq!(refused.code, FailureCode::BadParameter);
            assert!(refused.message.contains(name.trim_end_matches(".json")), "{}", refused.message);
            // The papers of a bloc lie in a folder of their own.
            assert_eq!(read_as(name, r#"{"bloc": "a", "papers": [{}]}"#).unwrap().asked.len(), 1);
        }
        assert_eq!(read_as("van-ban.json", r#"{"kind": "annual-summary"}"#).unwrap().asked.len(), 1);
    }

    #[test]
    fn a_folder_in_memory_is_read_as_one_on_disk_and_other_files_are_told() {
        let files = ["tinh/khoi-01.json", "tinh/b.ndjson", "tinh/.DS_Store", "__MACOSX/tinh/._b.ndjson"];
        let held = |names: &[&str]| {
            let files = names.iter().map(|name| ((*name).to_owned(), b"{}\n\n{\"kind\": \"scorecard\"}".to_vec()));
            Inputs::held(files.collect())
        };
        let (inputs, faults) = held(&files);
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(inputs.files.iter().map(Input::name).collect::<Vec<_>>(), ["b.ndjson", "khoi-01.json"]);
        let asked = inputs.files.into_iter().next().unwrap().read(usize::MAX).unwrap().asked;
        let told: Vec<(&str, &str)> = asked.iter().map(|one| (one.name.as_str(), one.at.as_str())).collect();
        assert_eq!(told, [("b/00001-van-ban", "/1"), ("b/00003-scorecard", "/3")], "lines as an editor counts them");
        let (_, faults) = held(&["a.json", "x/a.json", "Nguyễn Văn An.json", "anh.png", "province.json"]);
        let named: Vec<&str> = faults.iter().map(|fault| fault.file.as_str()).collect();
        assert_eq!(named, ["a.json", "Nguyễn Văn An.json", "anh.png", "province.json"]);
    }

    #[test]
    fn nothing_in_a_folder_is_left_unread_in_silence() {
        let files = [
            "khoi-01.json",
            "khoi-04.JSON",
            "khoi-07.json.txt",
            "x/y/a.json",
            "x/b.json",
            ".DS_Store",
            "Thumbs.db",
            "desktop.ini",
            "~$khoi-01.docx",
            ".git/config",
            "rong/.DS_Store",
        ];
        let wrong = [("khoi-04.JSON", "Chỉ nhận tệp"), ("khoi-07.json.txt", "Chỉ nhận tệp"), ("x/", "thư mục con")];
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            fs::create_dir_all(folder.path().join(file).parent().unwrap()).unwrap();
            fs::write(folder.path().join(file), "{}").unwrap();
        }
        // Results that lie beside the inputs are no inputs.
        let results = ["ket-qua/.tdkt/x", "ket-qua/a.pdf", "cu/manifest.json", "cu/archive.zip", "x/cu/.tdkt/x"];
        for file in results {
            fs::create_dir_all(folder.path().join(file).parent().unwrap()).unwrap();
            fs::write(folder.path().join(file), "").unwrap();
        }
        let all = || files.iter().chain(&results);
        let packed = |own: &str| Inputs::held(all().map(|file| (format!("{own}{file}"), b"{}".into())).collect());
        for (inputs, faults) in [Inputs::find(folder.path()).unwrap(), packed(""), packed("./nam/tinh/")] {
            assert_eq!(inputs.files.iter().map(Input::name).collect::<Vec<_>>(), ["khoi-01.json"]);
            assert_eq!(faults.len(), wrong.len(), "{faults:?}");
            for (fault, (file, said)) in faults.iter().zip(wrong) {
                assert_eq!(fault.file, file);
                assert!(fault.failure.message.contains(said), "{file}: {}", fault.failure.message);
            }
        }
        std::os::unix::fs::symlink("khong-co", folder.path().join("khoi-02.json")).unwrap();
        let (_, faults) = Inputs::find(folder.path()).unwrap();
        assert_eq!(faults[0].file, "khoi-02.json", "it leads nowhere");
    }
}
