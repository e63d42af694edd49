//! `check FILE`: every finding, nothing made.

use std::path::Path;

use serde_json::json;

use super::output;
use crate::{failure::Failure, intake::Treatment, settings::Settings};

/// How the result is printed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    Text,
    Json,
}

impl Form {
    pub(super) fn from_flag(json: bool) -> Self {
        if json { Form::Json } else { Form::Text }
    }
}

pub(super) fn run(file: &Path, form: Form, settings: &Settings) -> Result<(), Failure> {
    let request = output::read(file)?;
    let outcome = super::workshop(settings)?.check(&request, Treatment::AsSent);
    match form {
        Form::Text => {
            let accepted = outcome?;
            output::notices(&accepted.findings);
            let edition = &accepted.manuscript.edition;
            output::print(format!("Dữ liệu hợp lệ (phiên bản pháp luật {edition}).\n").as_bytes())
        }
        Form::Json => {
            let (acceptable, findings) = match &outcome {
                Ok(accepted) => (true, &accepted.findings),
                Err(failure) => (false, &failure.findings),
            };
            let mut result = json!({"acceptable": acceptable, "findings": findings});
            if let Err(failure) = &outcome {
                result["failure"] = json!({"code": failure.code, "message_vi": failure.message,
                    "message_en": failure.message_en, "hint": failure.hint});
            }
            output::print(format!("{result:#}\n").as_bytes())?;
            outcome.map(drop)
        }
    }
}
