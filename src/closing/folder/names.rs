//! Names in a folder of inputs: what is passed over, what is an input, and what is named as a fault so that nobody's figures
//! are left lying there unread.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::super::{
    Fault,
    journal::OWN,
    register::is_plain,
    whole::{ARCHIVE, MANIFEST},
};
use crate::failure::{Failure, FailureCode};

/// What file managers leave behind.
const LEAVINGS: [&str; 4] = ["thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"];

/// The names that lead to a file, its own the last.
pub fn steps(path: &str) -> Vec<&str> {
    path.split('/').filter(|step| !matches!(*step, "" | "." | "..")).collect()
}

/// Whether a name is of no concern: hidden, left by a file manager, or the mark of a file that is open in an office program.
pub fn is_passed_over(name: &str) -> bool {
    name.starts_with('.') || name.starts_with("~$") || LEAVINGS.contains(&name.to_ascii_lowercase().as_str())
}

/// How many of the first steps all paths have in common before their last: a folder is often packed with its own name.
pub fn common(paths: &[&str]) -> usize {
    let mut paths = paths.iter().map(|path| steps(path));
    let Some(mut common) = paths.next() else { return 0 };
    common.pop();
    for path in paths {
        let above = &path[..path.len().saturating_sub(1)];
        common.truncate(common.iter().zip(above).take_while(|(one, other)| one == other).count());
    }
    common.len()
}

/// The folders of results among packed files, as [`holds_files`] knows them on disk.
pub fn results<'a>(paths: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let (mut found, mut halves) = (BTreeSet::new(), BTreeMap::<String, BTreeSet<&str>>::new());
    for path in paths {
        let steps = steps(path);
        for (depth, name) in steps.iter().enumerate().skip(1) {
            let is_file = depth + 1 == steps.len();
            if *name == OWN {
                found.insert(steps[..depth].join("/"));
            } else if is_file && [MANIFEST, ARCHIVE].contains(name) {
                halves.entry(steps[..depth].join("/")).or_default().insert(name);
            }
        }
    }
    found.extend(halves.into_iter().filter(|(_, names)| names.len() == 2).map(|(folder, _)| folder));
    found
}

/// Whether a file lies in one of these folders, below the `own` steps that lead to the inputs.
pub fn is_inside(path: &str, own: usize, folders: &BTreeSet<String>) -> bool {
    let steps = steps(path);
    (own + 1..steps.len()).any(|depth| folders.contains(&steps[..depth].join("/")))
}

/// Whether there is anything in a folder that somebody may take for an input. Results that lie in the folder are none.
pub fn holds_files(folder: &Path) -> bool {
    let is_result = folder.join(OWN).exists() || [MANIFEST, ARCHIVE].iter().all(|name| folder.join(name).exists());
    if is_result {
        return false;
    }
    let Ok(mut entries) = fs::read_dir(folder) else { return true };
    entries.any(|entry| {
        let Ok(entry) = entry else { return true };
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        !is_passed_over(&entry.file_name().to_string_lossy()) && (!is_folder || holds_files(&entry.path()))
    })
}

/// The name of a file of inputs without its extension, whoever may have named it.
pub fn stem(name: &str) -> Result<&str, Failure> {
    match name.rsplit_once('.') {
        Some((stem, "json" | "ndjson")) => Ok(stem),
        Some(_) | None => Err(refused("Chỉ nhận tệp .json và .ndjson.", "only .json and .ndjson files are inputs")),
    }
}

/// As [`stem`], of a name that can name papers.
pub fn plain_stem(name: &str) -> Result<&str, Failure> {
    let stem = stem(name)?;
    if is_plain(stem) {
        return Ok(stem);
    }
    let message = "Tên tệp chỉ được gồm chữ thường không dấu, chữ số và dấu gạch nối.";
    Err(refused(message, "a file's name names papers and has to be plain"))
}

fn refused(message: &str, message_en: &str) -> Failure {
    Failure::new(FailureCode::BadParameter, message, message_en).hint("Đổi tên tệp, ví dụ khoi-01.json.")
}

pub fn unreadable(error: &std::io::Error) -> Failure {
    Failure::new(FailureCode::BadParameter, "Không đọc được tệp.", error.to_string()).hint("Kiểm tra quyền đọc.")
}

/// What has an input's name and cannot be read as one: a link that leads nowhere, a pipe.
pub fn no_file() -> Failure {
    Failure::new(FailureCode::BadParameter, "Không đọc được tệp.", "it is no file, or a link that leads nowhere")
        .hint("Thay bằng tệp thật, hoặc bỏ đi.")
}

pub fn twice() -> Failure {
    Failure::new(FailureCode::BadParameter, "Có hai tệp cùng tên.", "two files have this name")
        .hint("Đổi tên một tệp, hoặc bỏ tệp thừa.")
}

pub fn taken(stem: &str) -> Failure {
    Failure::new(
        FailureCode::BadParameter,
        format!("Tên tệp “{stem}” trùng với tên tệp kết quả chung của cả thư mục."),
        format!("a paper named {stem} would take the place of a file of the whole"),
    )
    .hint("Đổi tên tệp, ví dụ van-ban-01.json.")
}

/// A folder in the folder.
pub fn folder_inside(name: &str) -> Fault {
    let message = "Không nhận thư mục con; tệp dữ liệu phải ở ngay trong thư mục dữ liệu.";
    let failure = Failure::new(FailureCode::BadParameter, message, "folders in the folder are not read")
        .hint("Chuyển tệp cần dùng ra ngoài, dời thư mục con đi nơi khác.");
    Fault { file: format!("{name}/"), at: String::new(), failure, more: 0 }
}
