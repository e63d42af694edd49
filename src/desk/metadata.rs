//! The metadata of a finished document, for the system that files it.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use super::counter::{Counter, data_erased, no_document};
use crate::{failure::Failure, intake::Manuscript, job::JobId, rendering::FinishedFile};

impl Counter<'_> {
    /// What the document of a job is: its fields come from the request, its size and hash from the finished file.
    pub async fn metadata(&self, id: JobId) -> Result<Value, Failure> {
        let job = self.job(id, Duration::ZERO).await?;
        if job.request_erased_at.is_some() || job.paper_erased_at.is_some() {
            return Err(data_erased());
        }
        let Some(artifact) = job.artifact else { return Err(no_document(job.state)) };
        let order = self.shelf.order(id).await?.ok_or_else(data_erased)?;
        let file = FinishedFile {
            name: format!("{}.{}", job.file_name, job.media_type.extension()),
            media_type: job.media_type,
            sha256: artifact.sha256,
            size: artifact.size,
            pages: artifact.pages,
        };
        let workshop = Arc::clone(&self.desk.workshop);
        let told = tokio::task::spawn_blocking(move || {
            let manuscript: Manuscript =
                serde_json::from_str(&order).map_err(|_| Failure::internal("a print order cannot be read"))?;
            workshop.metadata(&manuscript, &file)
        });
        told.await.map_err(|_| Failure::internal("telling a document's metadata panicked"))?
    }
}
