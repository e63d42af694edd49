//! What people read on standard error.

use std::{
    io::{self, Read, Write},
    path::Path,
    process::ExitCode,
};

use crate::failure::{Failure, FailureCode, Finding, Remedy, Severity};

/// Prints a failure and gives its exit code.
pub(super) fn report(failure: &Failure) -> ExitCode {
    let mut text = format!("lỗi: {}\n", failure.message);
    findings(&failure.findings, &mut text);
    // Template authors and operators need the cause; callers have their findings.
    if failure.findings.iter().all(|finding| finding.code == "setting") {
        text.push_str(&format!("  chi tiết: {}\n", failure.message_en));
    }
    if let Some(hint) = &failure.hint {
        text.push_str(&format!("gợi ý: {hint}\n"));
    }
    say(&text);
    match failure.remedy() {
        Remedy::FixRequest => ExitCode::from(1),
        Remedy::FixTemplate => ExitCode::from(3),
        Remedy::TryLater => ExitCode::from(75),
    }
}

/// Makes the folder; one that holds anything is refused.
///
/// # Errors
/// [`FailureCode::BadParameter`].
pub(super) fn empty_folder(folder: &Path) -> Result<(), Failure> {
    let unusable = |error: io::Error| {
        Failure::new(
            FailureCode::BadParameter,
            format!("Không dùng được thư mục {}.", folder.display()),
            format!("{}: {error}", folder.display()),
        )
        .hint("Chọn một thư mục mới hoặc trống.")
    };
    std::fs::create_dir_all(folder).map_err(unusable)?;
    match std::fs::read_dir(folder).map_err(unusable)?.next() {
        None => Ok(()),
        Some(_) => Err(unusable(io::ErrorKind::DirectoryNotEmpty.into())),
    }
}

/// Prints warnings and information.
pub(super) fn notices(list: &[Finding]) {
    let mut text = String::new();
    findings(list, &mut text);
    say(&text);
}

fn findings(list: &[Finding], text: &mut String) {
    for finding in list {
        let weight = match finding.severity {
            Severity::Error => "lỗi",
            Severity::Warning => "cảnh báo",
            Severity::Info => "lưu ý",
        };
        let place = finding.pointers.join(", ");
        text.push_str(&format!("  {weight} [{}] {place}: {}\n", finding.code, finding.message));
        if let Some(found) = &finding.found {
            text.push_str(&format!("      đang ghi: {found}\n"));
        }
        if let Some(expected) = &finding.expected {
            text.push_str(&format!("      cần ghi: {expected}\n"));
        }
        if let Some(law) = &finding.law {
            text.push_str(&format!("      căn cứ: {law}\n"));
        }
    }
}

/// A line on standard error; a broken pipe there is nobody's loss.
pub(super) fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Writes data to standard output.
pub(super) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(unwritable(Path::new("-"), &error)),
        Ok(()) => Ok(()),
    }
}

/// Reads a file, or standard input for `-`.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let outcome = if path == Path::new("-") {
        io::stdin().lock().read_to_end(&mut bytes).map(drop)
    } else {
        std::fs::read(path).map(|read| bytes = read)
    };
    outcome.map(|()| bytes).map_err(|error| {
        Failure::new(
            FailureCode::BadParameter,
            format!("Không đọc được tệp {}.", path.display()),
            format!("{}: {error}", path.display()),
        )
        .hint("Kiểm tra tên tệp và quyền đọc.")
    })
}

/// Writes a file whole or not at all: to a neighbour first, then over the name. `-` is standard output. A link is followed,
/// and a device or a pipe, over whose name no file may come, is written into.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if path == Path::new("-") {
        return print(bytes);
    }
    let followed = std::fs::canonicalize(path);
    let path = followed.as_deref().unwrap_or(path);
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        let mut device =
            std::fs::OpenOptions::new().write(true).open(path).map_err(|error| unwritable(path, &error))?;
        return device.write_all(bytes).map_err(|error| unwritable(path, &error));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        // A temporary file is its maker's alone; a paper is for whoever may read the folder.
        std::fs::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        file.persist(path).map(drop).map_err(|error| error.error)
    });
    written.map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        FailureCode::BadParameter,
        format!("Không ghi được tệp {}.", path.display()),
        format!("{}: {error}", path.display()),
    )
    .hint("Kiểm tra thư mục, quyền ghi và dung lượng còn trống.")
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::FileTypeExt, process::Command};

    use super::*;

    #[test]
    fn a_link_is_followed_and_a_device_stays_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let [file, link, pipe] = ["file", "link", "pipe"].map(|name| folder.path().join(name));
        fs::write(&file, "old").expect("written");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        write(&link, b"new").expect("written");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(fs::read(&file).expect("read"), b"new");

        assert!(Command::new("mkfifo").arg(&pipe).status().expect("run").success());
        let heard = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).expect("read")
        });
        write(&pipe, b"a paper").expect("written");
        assert_eq!(heard.join().expect("heard"), b"a paper");
        assert!(fs::symlink_metadata(&pipe).expect("there").file_type().is_fifo());
        // What cannot be written into says so, and is not written over.
        assert!(write(Path::new("/dev/full"), b"a paper").is_err());
        assert!(fs::metadata("/dev/full").expect("there").file_type().is_char_device());
    }
}
