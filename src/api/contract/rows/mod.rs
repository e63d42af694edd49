//! Rows of the table, one file for each group.

mod catalog;
mod documents;
mod events;
mod jobs;
mod papers;
mod register;
mod people;
mod service;

pub(super) use catalog::rows as catalog;
pub(super) use documents::rows as documents;
pub(super) use events::rows as events;
pub(super) use jobs::rows as jobs;
pub(super) use papers::rows as papers;
pub(super) use people::rows as people;
pub(super) use register::rows as register;
pub(super) use service::rows as service;

use super::operation::{Access, Answer, Operation, bytes, delete, get, post, refer};
use crate::failure::FailureCode;

/// What can be wrong with a body before it is read.
const BODY: [FailureCode; 3] = [FailureCode::BodyTooLarge, FailureCode::BodyTooSlow, FailureCode::UnsupportedMediaType];
/// What checks of a request may say.
const DATA: [FailureCode; 4] =
    [FailureCode::MalformedJson, FailureCode::InvalidDocument, FailureCode::UnknownKind, FailureCode::NoEdition];
/// What a render may end in.
const RENDER: [FailureCode; 14] = [
    FailureCode::MissingGlyph,
    FailureCode::RenderTimeout,
    FailureCode::RenderMemory,
    FailureCode::RenderCpu,
    FailureCode::RenderTooLarge,
    FailureCode::MissingFont,
    FailureCode::TemplateFault,
    FailureCode::LayoutFault,
    FailureCode::RenderTooDeep,
    FailureCode::RenderGarbled,
    FailureCode::RenderForbidden,
    FailureCode::RenderCrashed,
    FailureCode::MissingSandbox,
    FailureCode::PressUnavailable,
];
/// Whatever asks the ledger about one job.
const ONE_JOB: [FailureCode; 2] = [FailureCode::JobNotFound, FailureCode::StoreUnavailable];
