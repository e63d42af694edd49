//! The folder of inputs: which files there are, and which papers each asks for.

use std::{
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
    failure::{Failure, FailureCode, Finding, Severity},
    intake,
};

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
    /// Requests that came together.
    Requests(Vec<Vec<u8>>),
}

impl Input {
    /// The name of the file.
    pub fn name(&self) -> String {
        match self {
            Self::OnDisk(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            Self::Sent(name, _) => name.clone(),
            Self::Requests(_) => String::new(),
        }
    }

    /// The papers that it asks for.
    ///
    /// # Errors
    /// When a file cannot be read, or is none of ours.
    pub fn read(self) -> Result<InputFile, Failure> {
        let name = self.name();
        match self {
            Self::OnDisk(path) => read(&path),
            Self::Sent(_, sent) => {
                let stem = sent.bloc.clone();
                Ok(of_bloc(name, &stem, *sent))
            }
            Self::Requests(requests) => {
                let asked = requests.into_iter().enumerate().map(|(number, request)| {
                    let kind = kind_of(&serde_json::from_slice(&request).unwrap_or_default());
                    Asked { name: format!("{:05}-{kind}", number + 1), at: format!("/{number}"), request, kind }
                });
                Ok(InputFile { name, sent: None, asked: asked.collect() })
            }
        }
    }
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
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let is_input = path.extension().is_some_and(|ending| ending == "json" || ending == "ndjson");
            if path.is_file() && is_input {
                files.push(path);
            }
        }
        files.sort();
        let mut faults = Vec::new();
        let at = files.iter().position(|path| path.file_name().is_some_and(|name| name == REGISTER));
        let register = match at.map(|at| files.remove(at)) {
            None => None,
            Some(path) => match read_register(&fs::read(&path).map_err(unreadable)?) {
                Ok(register) => Some(register),
                Err(failure) => {
                    faults.push(Fault { file: REGISTER.into(), at: String::new(), failure });
                    None
                }
            },
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
            Err(failure) => faults.push(Fault { file, at: String::new(), failure }),
        }
    }
    Ok(((inputs.register, all), faults))
}

fn sent_in(path: &Path) -> Result<Sent, Failure> {
    let bytes = fs::read(path).map_err(|error| {
        Failure::new(FailureCode::BadParameter, "Không đọc được tệp.", error.to_string()).hint("Kiểm tra quyền đọc.")
    })?;
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
fn read(path: &Path) -> Result<InputFile, Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if !is_plain(&stem) {
        return Err(Failure::new(
            FailureCode::BadParameter,
            "Tên tệp chỉ được gồm chữ thường không dấu, chữ số và dấu gạch nối.",
            "a file's name names papers and has to be plain",
        )
        .hint("Đổi tên tệp, ví dụ khoi-01.json."));
    }
    let bytes = fs::read(path).map_err(|error| {
        Failure::new(FailureCode::BadParameter, "Không đọc được tệp.", error.to_string()).hint("Kiểm tra quyền đọc.")
    })?;
    if path.extension().is_some_and(|ending| ending == "ndjson") {
        let lines = bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.trim_ascii().is_empty());
        let asked = lines.map(|(line, text)| {
            let kind = kind_of(&serde_json::from_slice(text).unwrap_or_default());
            Asked {
                name: format!("{stem}/{:05}-{kind}", line + 1),
                at: format!("/{line}"),
                request: text.to_vec(),
                kind,
            }
        });
        return Ok(InputFile { name, sent: None, asked: asked.collect() });
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
    Ok(of_bloc(name, &stem, sent))
}

fn of_bloc(name: String, stem: &str, mut sent: Sent) -> InputFile {
    let papers = std::mem::take(&mut sent.papers).into_iter().enumerate();
    let asked = papers.map(|(index, paper)| {
        let kind = kind_of(&paper);
        let request = paper.to_string().into_bytes();
        Asked { name: format!("{stem}/{:02}-{kind}", index + 1), at: format!("/papers/{index}"), request, kind }
    });
    let asked = asked.collect();
    InputFile { name, sent: Some(sent), asked }
}

fn taken(stem: &str) -> Failure {
    Failure::new(
        FailureCode::BadParameter,
        format!("Tên tệp “{stem}” trùng với tên tệp kết quả chung của cả thư mục."),
        format!("a paper named {stem} would take the place of a file of the whole"),
    )
    .hint("Đổi tên tệp, ví dụ van-ban-01.json.")
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
            read(&folder.path().join(name))
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
}
