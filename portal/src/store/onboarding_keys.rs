//! Keys by which whoever onboards twice, since an answer was lost, gets one sensor (Idempotency-Key).

use picket_protocol::ids::SensorId;

use super::{
    Actor,
    change::{StoreError, Work},
    rows::id,
    tokens::Digest,
};
use crate::database;
use crate::domain::refused::Refused;

/// For so long a key is remembered.
const REMEMBERED_SECONDS: i64 = 86_400;

/// A key that a caller drew for one request, and the digest of that request.
#[derive(Debug, Clone)]
pub struct OnboardingKey {
    /// 1 to [`Self::MOST`] visible ASCII characters.
    pub key: String,
    /// What was asked for under it.
    pub asked: Digest,
}

impl OnboardingKey {
    /// Most characters.
    pub const MOST: usize = 128;
}

/// The sensor that was onboarded under this key.
pub(super) async fn known(work: &mut Work, actor: &Actor, key: &OnboardingKey) -> Result<Option<SensorId>, StoreError> {
    let query = database::query("SELECT asked, sensor FROM onboarding_keys WHERE caller = ? AND key = ? AND at > ?");
    let query = query.bind(&actor.0).bind(&key.key).bind(work.now.0 - REMEMBERED_SECONDS);
    let Some(row) = query.fetch_optional(&mut work.connection).await? else { return Ok(None) };
    if row.try_get::<&[u8]>("asked")? != &key.asked.0[..] {
        return Err(StoreError::Refused(Refused::KeyUsed));
    }
    Ok(Some(id(row.try_get("sensor")?)?))
}

/// Remembers what was onboarded, and forgets what is old.
pub(super) async fn keep(
    work: &mut Work,
    actor: &Actor,
    key: &OnboardingKey,
    sensor: SensorId,
) -> Result<(), sqlx::Error> {
    let query = database::query("DELETE FROM onboarding_keys WHERE at <= ?").bind(work.now.0 - REMEMBERED_SECONDS);
    query.execute(&mut work.connection).await?;
    database::query("INSERT INTO onboarding_keys (caller, key, asked, sensor, at) VALUES (?, ?, ?, ?, ?)")
        .bind(&actor.0)
        .bind(&key.key)
        .bind(&key.asked.0[..])
        .bind(&sensor.as_bytes()[..])
        .bind(work.now.0)
        .execute(&mut work.connection)
        .await?;
    Ok(())
}
