//! Stored requests, page by page: for whoever has to know what is held of a person.

use sqlx::Row;

use super::{Ledger, LedgerError, change::Note, rows, shelf::Hand};
use crate::{
    access::OrganisationId,
    job::{Job, JobId},
};

/// Requests read at once; each may be large.
const PAGE: i64 = 50;

impl Ledger {
    /// A page of jobs with the requests they still hold, after `after`, the oldest first.
    ///
    /// # Errors
    /// [`LedgerError::Store`], [`LedgerError::Unreadable`].
    pub async fn requests_after(
        &self,
        organisation: Option<&OrganisationId>,
        after: Option<JobId>,
    ) -> Result<Vec<(Job, String)>, LedgerError> {
        let pages = sqlx::query(
            "SELECT job_id, body FROM job_order JOIN job ON job.id = job_order.job_id \
             WHERE job_id > $1 AND organisation = coalesce($2, organisation) ORDER BY job_id LIMIT $3",
        );
        let page = pages
            .bind(after.map(|id| id.to_string()).unwrap_or_default())
            .bind(organisation.map(OrganisationId::as_str))
            .bind(PAGE)
            .fetch_all(&self.inner.readers)
            .await?;
        let mut found = Vec::with_capacity(page.len());
        for row in &page {
            let id: &str = row.try_get("job_id")?;
            let id: JobId = id.parse().map_err(|error| rows::unreadable("job id", error))?;
            // One that was erased since is not held any more.
            if let Some(job) = self.find_for(Hand { whose: organisation, by: None }, id).await? {
                found.push((job, row.try_get("body")?));
            }
        }
        Ok(found)
    }

    /// Says in the audit that a person's data went with this job's; `proof` is a salted hash, never a name.
    ///
    /// # Errors
    /// [`LedgerError::Store`].
    pub async fn note_person(&self, id: JobId, proof: &str) -> Result<(), LedgerError> {
        self.note(id, Note { action: "erase-person", detail: Some(proof) }).await
    }
}
