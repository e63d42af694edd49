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
    if failure.findings.is_empty() {
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

/// Writes a file whole or not at all: to a neighbour first, then over the name. `-` is standard output.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if path == Path::new("-") {
        return print(bytes);
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
