//! `register pull`: what came of each bloc, a line for each.

use serde_json::json;

use crate::{
    cli::output,
    desk::{Asked, Pulled, RegisterDesk},
    failure::{Failure, FailureCode},
};

pub(super) async fn pull(register: &RegisterDesk, asked: &Asked, as_json: bool) -> Result<(), Failure> {
    let pulled = register.pull(asked).await?;
    if as_json {
        output::print(format!("{:#}\n", json!(pulled)).as_bytes())?;
    } else {
        let lines: String = pulled.iter().map(line).collect();
        output::print(lines.as_bytes())?;
        for failure in pulled.iter().filter_map(|one| one.failure.as_ref()) {
            output::notices(&failure.findings);
        }
    }
    let refused = pulled.iter().filter(|one| one.failure.is_some()).count();
    if refused == 0 {
        return Ok(());
    }
    Err(Failure::new(
        FailureCode::InvalidDocument,
        format!("Không nhận được số liệu của {refused}/{} khối, cụm.", pulled.len()),
        format!("nothing was kept of {refused} blocs"),
    )
    .hint("Vị trí lỗi là vị trí trong dữ liệu nguồn. Các khối, cụm khác đã được ghi."))
}

fn line(one: &Pulled) -> String {
    let words = match (one.outcome, &one.failure) {
        (_, Some(failure)) => format!("không nhận: {}", failure.message),
        ("unchanged", None) => "không có gì thay đổi".to_owned(),
        (_, None) => format!("đã ghi phiên bản {}", one.version.unwrap_or_default()),
    };
    format!("{}\t{words}\n", one.bloc)
}
