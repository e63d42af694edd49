//! What may be done with webhooks, for every door.

use std::time::Duration;

use uuid::Uuid;

use super::{Sealer, Secret};
use crate::{
    access::OrganisationId,
    failure::{Failure, FailureCode},
    job::event::EventType,
    ledger::{DeliveryRecord, Ledger, NewWebhook, Webhook, WebhookOutcome, Which},
    outbound::{NoAnswer, Outbound, Target},
};

/// After an exchange both secrets sign for so long.
const OVERLAP: Duration = Duration::from_secs(24 * 3_600);

/// Webhooks of one organisation, or of all where none is named.
#[derive(Clone)]
pub struct Registry {
    pub ledger: Ledger,
    pub outbound: Outbound,
    pub sealer: Sealer,
}

/// Whose webhook, and which.
pub type Named<'a> = (Option<&'a OrganisationId>, &'a str);

impl Registry {
    /// Adds a webhook for these types of events (none named: the ends of jobs). Its secret is shown now and never again.
    ///
    /// # Errors
    /// The address breaks the rules or cannot be reached, there are enough, or there is no such organisation.
    pub async fn add(
        &self,
        organisation: &OrganisationId,
        url: &str,
        types: &[EventType],
    ) -> Result<(Webhook, Secret), Failure> {
        let target = Target::read(url, self.outbound.rules()).map_err(|wrong| refused(&wrong.into()))?;
        let reach = self.ledger.reach(organisation).await?.ok_or_else(unknown_organisation)?;
        self.outbound.look_up(&target, &reach).await.map_err(|wrong| refused(&wrong))?;
        let (id, secret) = (Uuid::now_v7(), fresh()?);
        let new = NewWebhook {
            organisation: organisation.clone(),
            url: target.to_string(),
            types: wanted(types),
            secret: self.seal(&id.to_string(), &secret)?,
        };
        match self.ledger.add_webhook(id, &new).await? {
            WebhookOutcome::Added(webhook) => Ok((*webhook, secret)),
            WebhookOutcome::UnknownOrganisation => Err(unknown_organisation()),
            WebhookOutcome::TooMany => Err(Failure::new(
                FailureCode::TooManyWebhooks,
                "Đơn vị đã đăng ký đủ số webhook cho phép.",
                "The organisation has as many webhooks as it may.",
            )
            .hint("Xóa webhook không còn dùng rồi đăng ký lại.")),
        }
    }

    /// Webhooks, those of one organisation where one is named.
    ///
    /// # Errors
    /// When the ledger fails.
    pub async fn list(&self, whose: Option<&OrganisationId>) -> Result<Vec<Webhook>, Failure> {
        Ok(self.ledger.webhooks(whose).await?)
    }

    /// One webhook.
    ///
    /// # Errors
    /// There is none.
    pub async fn show(&self, (whose, id): Named<'_>) -> Result<Webhook, Failure> {
        self.ledger.webhook(whose, id).await?.ok_or_else(unknown)
    }

    /// A new secret; the one before is good for a day more.
    ///
    /// # Errors
    /// There is no such webhook.
    pub async fn rotate(&self, (whose, id): Named<'_>) -> Result<Secret, Failure> {
        let secret = fresh()?;
        let sealed = self.seal(id, &secret)?;
        found(self.ledger.rotate_secret(whose, id, (&sealed, OVERLAP)).await?)?;
        Ok(secret)
    }

    /// Sends nothing there any more.
    ///
    /// # Errors
    /// There is no such webhook.
    pub async fn disable(&self, (whose, id): Named<'_>) -> Result<(), Failure> {
        found(self.ledger.disable_webhook(whose, id).await?)
    }

    /// Sends there again.
    ///
    /// # Errors
    /// There is no such webhook.
    pub async fn enable(&self, (whose, id): Named<'_>) -> Result<(), Failure> {
        found(self.ledger.enable_webhook(whose, id).await?)
    }

    /// Forgets it and its deliveries.
    ///
    /// # Errors
    /// There is no such webhook.
    pub async fn remove(&self, (whose, id): Named<'_>) -> Result<(), Failure> {
        found(self.ledger.remove_webhook(whose, id).await?)
    }

    /// Posts a trial, and says its id.
    ///
    /// # Errors
    /// There is no such webhook, or it is disabled.
    pub async fn test(&self, (whose, id): Named<'_>) -> Result<String, Failure> {
        self.refuse_disabled((whose, id)).await?;
        self.ledger.post_trial(whose, id).await?.ok_or_else(unknown)
    }

    /// Its deliveries, the newest first.
    ///
    /// # Errors
    /// There is no such webhook.
    pub async fn deliveries(
        &self,
        (whose, id): Named<'_>,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<DeliveryRecord>, Failure> {
        self.ledger.deliveries((whose, id), before, limit).await?.ok_or_else(unknown)
    }

    /// Sends again what is named. Returns how many.
    ///
    /// # Errors
    /// There is no such webhook or no such delivery, or it is disabled.
    pub async fn redeliver(&self, (whose, id): Named<'_>, which: &Which) -> Result<u64, Failure> {
        self.refuse_disabled((whose, id)).await?;
        let sent = self.ledger.redeliver((whose, id), which).await?.ok_or_else(unknown)?;
        match which {
            Which::One(_) if sent == 0 => Err(Failure::new(
                FailureCode::WebhookNotFound,
                "Không có lượt gửi này, hoặc nó đang chờ gửi.",
                "There is no such delivery, or it waits to be sent.",
            )),
            Which::One(_) | Which::Range(..) => Ok(sent),
        }
    }

    async fn refuse_disabled(&self, named: Named<'_>) -> Result<(), Failure> {
        match self.show(named).await?.disabled_at {
            None => Ok(()),
            Some(_) => {
                Err(Failure::new(FailureCode::WebhookDisabled, "Webhook này đang tắt.", "The webhook is disabled.")
                    .hint("Bật lại webhook trước, rồi gửi lại."))
            }
        }
    }

    fn seal(&self, webhook: &str, secret: &Secret) -> Result<String, Failure> {
        self.sealer.seal(webhook, secret).map_err(|error| Failure::internal(error.to_string()))
    }
}

/// None named: the ends of jobs.
fn wanted(types: &[EventType]) -> Vec<EventType> {
    EventType::ALL
        .into_iter()
        .filter(|kind| if types.is_empty() { kind.is_end() } else { types.contains(kind) })
        .collect()
}

fn fresh() -> Result<Secret, Failure> {
    Secret::fresh().map_err(|error| Failure::internal(error.to_string()))
}

fn found(is_there: bool) -> Result<(), Failure> {
    if is_there { Ok(()) } else { Err(unknown()) }
}

fn unknown() -> Failure {
    Failure::new(FailureCode::WebhookNotFound, "Không có webhook này.", "There is no such webhook.")
}

fn unknown_organisation() -> Failure {
    Failure::new(FailureCode::BadParameter, "Không có đơn vị này.", "There is no such organisation.")
        .hint("Xem danh sách: tdkt-reports organisations list.")
}

fn refused(why: &NoAnswer) -> Failure {
    Failure::new(
        FailureCode::WebhookAddressRefused,
        "Địa chỉ nhận sự kiện không được phép hoặc không tìm thấy.",
        format!("The address is refused: {why}."),
    )
    .hint("Cần địa chỉ https công khai; với mạng riêng của tỉnh, người vận hành mở bằng `tdkt-reports webhooks reach`.")
}
