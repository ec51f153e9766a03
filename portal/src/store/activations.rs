//! Issued files and the claims on their tokens.

use picket_protocol::{
    documents::activation::{Hub, Mode},
    ids::{Cti, SensorId, Serial, Thumbprint},
    refusal::Refusal,
    time::UnixSeconds,
};

use super::{
    Actor, Store, alarms, audit,
    change::{StoreError, Work},
    failed, hubs, identities,
    rows::{id, int, sensor_id, serial},
    sensors,
    tokens::{self, Digest},
};
use crate::database::{self, Row};
use crate::domain::{
    alarm::Alarm,
    chain::HeartbeatChain,
    claim::{self, Claim, TokenState},
    heartbeat::adopted_registration,
    identity::{Identity, IdentityState, RootsKnown},
    issue::Drawn,
    refused::Refused,
    registration::{Filed, Origin, may_be_pushed},
};

/// Makes the file of an issue, inside its transaction: what is filed, the hub it names, what was drawn.
pub type Make = Box<dyn FnOnce(&Filed, Option<Hub>, &Drawn) -> Result<Vec<u8>, Refused> + Send>;

/// What the caller drew for an issue.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The document's id.
    pub cti: Cti,
    /// The enrolment token.
    pub token: picket_protocol::documents::activation::Secret,
    /// The newest trust root version in the file.
    pub root_version: u64,
    /// Whether the sensor gets it with its next heartbeat answer.
    pub push: bool,
}

/// A claim that went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrolment {
    /// The sensor.
    pub sensor: SensorId,
    /// The serial for its certificate; none at a management console.
    pub serial: Option<Serial>,
}

impl Store {
    /// Issues a new file for a sensor; earlier ones that nobody used are void. Returns the serial and the file.
    ///
    /// # Errors
    /// When the sensor does not exist or was deleted, nothing can sign, or the database failed.
    pub async fn issue(
        &self,
        sensor: SensorId,
        issued: Issued,
        make: Make,
        actor: Actor,
    ) -> Result<(Serial, Vec<u8>), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let registration = sensors::living(&mut work.connection, sensor).await?;
                registration.may_have_a_file()?;
                let mode = registration.filed.mode.mode();
                if issued.push {
                    may_be_pushed(mode)?;
                }
                let hub = hubs::named(work, &registration.filed.mode).await?;
                let serial = sensors::next_serial(work).await?;
                let drawn = Drawn { serial, cti: issued.cti, token: issued.token.clone(), at: work.now };
                let file = make(&registration.filed, hub, &drawn)?;
                void_unclaimed(work, sensor).await?;
                let until = registration.filed.upload_window.until(work.now);
                keep(work, sensor, &issued, mode, serial, until).await?;
                let push = issued.push.then(|| file.clone());
                set_push(work, sensor, push.map(|file| (serial, file))).await?;
                let after =
                    serde_json::json!({ "serial": serial, "cti": issued.cti, "mode": mode, "pushed": issued.push });
                audit::record(work, &actor, "activation-issued", Some(sensor), None, Some(&after)).await?;
                Ok((serial, file))
            })
        })
        .await
    }

    /// A key claims the enrolment token of an activation file.
    ///
    /// # Errors
    /// Already used, voided, deleted, unknown; or the database failed.
    pub async fn claim(&self, sensor: SensorId, token: Digest, key: Thumbprint) -> Result<Enrolment, Refused> {
        // Whoever guesses tokens must not keep the writer busy.
        if !self.has_token("SELECT count(*) FROM activations WHERE token = ?", token).await? {
            return Err(self.unknown_token(sensor).await?);
        }
        self.write(move |work| Box::pin(claim_activation(work, sensor, token, key))).await?
    }

    /// A key claims a pairing token of this management console.
    ///
    /// # Errors
    /// Already used, unknown; or the database failed.
    pub async fn pair(&self, sensor: SensorId, token: Digest, key: Thumbprint) -> Result<Enrolment, Refused> {
        if !self.has_token("SELECT count(*) FROM pairing_tokens WHERE digest = ?", token).await? {
            return Err(Refused::NotAccepted { why: "the pairing token is not known here" });
        }
        self.write(move |work| Box::pin(claim_pairing(work, sensor, token, key))).await?
    }

    async fn has_token(&self, query: &'static str, token: Digest) -> Result<bool, Refused> {
        let found = database::scalar::<i64>(query).bind(&token.0[..]).fetch_one(&self.readers).await;
        Ok(found.map_err(|error| failed(&error))? > 0)
    }

    async fn unknown_token(&self, sensor: SensorId) -> Result<Refused, Refused> {
        let query = database::scalar::<i64>("SELECT count(*) FROM sensors WHERE id = ? AND deleted_at IS NOT NULL");
        let deleted = query.bind(&sensor.as_bytes()[..]).fetch_one(&self.readers).await;
        Ok(match deleted.map_err(|error| failed(&error))? {
            0 => Refused::NotAccepted { why: "the enrolment token is not known here" },
            _ => Refusal::Deleted { sensor }.into(),
        })
    }
}

async fn void_unclaimed(work: &mut Work, sensor: SensorId) -> Result<(), sqlx::Error> {
    database::query(
        "UPDATE activations SET voided_at = ? WHERE sensor = ? AND claimed_at IS NULL AND voided_at IS NULL",
    )
    .bind(work.now.0)
    .bind(&sensor.as_bytes()[..])
    .execute(&mut work.connection)
    .await?;
    Ok(())
}

async fn keep(
    work: &mut Work,
    sensor: SensorId,
    issued: &Issued,
    mode: Mode,
    serial: Serial,
    until: UnixSeconds,
) -> Result<(), sqlx::Error> {
    let token = (mode == Mode::CloudConnected).then(|| tokens::digest(issued.token.expose()));
    database::query(
        "INSERT INTO activations (cti, sensor, serial, mode, issued_at, upload_until, root_version, token) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&issued.cti.as_bytes()[..])
    .bind(&sensor.as_bytes()[..])
    .bind(int(serial.0))
    .bind(mode.to_string())
    .bind(work.now.0)
    .bind(until.0)
    .bind(int(issued.root_version))
    .bind(token.as_ref().map(|token| &token.0[..]))
    .execute(&mut work.connection)
    .await?;
    Ok(())
}

async fn set_push(work: &mut Work, sensor: SensorId, push: Option<(Serial, Vec<u8>)>) -> Result<(), sqlx::Error> {
    let (serial, file) = push.unzip();
    work.touch(sensor);
    database::query("UPDATE sensors SET push_serial = ?, push_file = ? WHERE id = ?")
        .bind(serial.map(|serial| int(serial.0)))
        .bind(file)
        .bind(&sensor.as_bytes()[..])
        .execute(&mut work.connection)
        .await?;
    Ok(())
}

/// Two layers of result: the inner refusal stands beside what was written (an alarm), the outer one takes all back.
type Claimed = Result<Result<Enrolment, Refused>, StoreError>;

async fn claim_activation(work: &mut Work, sensor: SensorId, token: Digest, key: Thumbprint) -> Claimed {
    let query = database::query(
        "SELECT a.sensor, a.serial, a.cti, a.voided_at, a.claimed_by, a.root_version, s.deleted_at FROM activations a \
         JOIN sensors s ON s.id = a.sensor WHERE a.token = ?",
    );
    let row = query.bind(&token.0[..]).fetch_one(&mut work.connection).await?;
    if sensor_id(&row, "sensor")? != sensor {
        return Ok(Err(Refused::NotAccepted { why: "the token is another sensor's" }));
    }
    let number = serial(row.try_get("serial")?);
    let state = token_state(&row, row.try_get::<Option<i64>>("voided_at")?.is_some())?;
    let deleted = row.try_get::<Option<i64>>("deleted_at")?.is_some();
    let enrolment = Enrolment { sensor, serial: Some(number) };
    match claim::claim(state, sensor, deleted, key) {
        Claim::Refused { refused, alarm } => {
            if alarm && let TokenState::Claimed(first) = state {
                let (first_key, second_key) = (first.to_string(), key.to_string());
                alarms::raise(work, sensor, &Alarm::FileUsedTwice { serial: number, first_key, second_key }).await?;
            }
            return Ok(Err(refused));
        }
        Claim::Repeated => return Ok(Ok(enrolment)),
        Claim::Fresh => {}
    }
    database::query("UPDATE activations SET claimed_by = ?, claimed_at = ? WHERE token = ?")
        .bind(&key.as_bytes()[..])
        .bind(work.now.0)
        .bind(&token.0[..])
        .execute(&mut work.connection)
        .await?;
    database::query("UPDATE sensors SET push_serial = NULL, push_file = NULL WHERE id = ? AND push_serial = ?")
        .bind(&sensor.as_bytes()[..])
        .bind(int(number.0))
        .execute(&mut work.connection)
        .await?;
    let cti = Some(id(row.try_get("cti")?)?);
    let roots = RootsKnown { version: serial(row.try_get("root_version")?).0, offered: None };
    identities::insert(work, &enrolled(key, sensor, number, cti, roots, work.now)).await?;
    Ok(Ok(enrolment))
}

async fn claim_pairing(work: &mut Work, sensor: SensorId, token: Digest, key: Thumbprint) -> Claimed {
    let query = database::query("SELECT sensor, claimed_by FROM pairing_tokens WHERE digest = ?");
    let row = query.bind(&token.0[..]).fetch_one(&mut work.connection).await?;
    let state = token_state(&row, false)?;
    let enrolment = Enrolment { sensor, serial: None };
    match claim::claim(state, sensor, false, key) {
        Claim::Refused { refused, .. } => {
            if let TokenState::Claimed(first) = state {
                let (first_key, second_key) = (first.to_string(), key.to_string());
                alarms::raise(work, sensor, &Alarm::PairingTokenUsedTwice { first_key, second_key }).await?;
            }
            return Ok(Err(refused));
        }
        Claim::Repeated => return Ok(Ok(enrolment)),
        Claim::Fresh => {}
    }
    database::query("UPDATE pairing_tokens SET sensor = ?, claimed_by = ?, claimed_at = ? WHERE digest = ?")
        .bind(&sensor.as_bytes()[..])
        .bind(&key.as_bytes()[..])
        .bind(work.now.0)
        .bind(&token.0[..])
        .execute(&mut work.connection)
        .await?;
    if sensors::find(&mut work.connection, sensor).await?.is_none() {
        let registration = adopted_registration(sensor, Origin::Paired, None, work.now);
        sensors::insert(work, &registration).await?;
    }
    let identity = enrolled(key, sensor, Serial(0), None, RootsKnown::default(), work.now);
    identities::insert(work, &identity).await?;
    Ok(Ok(enrolment))
}

fn token_state(row: &Row, voided: bool) -> Result<TokenState, sqlx::Error> {
    Ok(match row.try_get::<Option<&[u8]>>("claimed_by")? {
        Some(by) => TokenState::Claimed(id(by)?),
        None if voided => TokenState::Voided,
        None => TokenState::Unclaimed,
    })
}

/// A key that was certified for this serial has claimed it, even if this portal forgot.
pub(super) async fn claimed_before(
    work: &mut Work,
    sensor: SensorId,
    number: Serial,
    key: Thumbprint,
) -> Result<(), sqlx::Error> {
    database::query(
        "UPDATE activations SET claimed_by = ?, claimed_at = ? WHERE sensor = ? AND serial = ? AND claimed_at IS NULL",
    )
    .bind(&key.as_bytes()[..])
    .bind(work.now.0)
    .bind(&sensor.as_bytes()[..])
    .bind(int(number.0))
    .execute(&mut work.connection)
    .await?;
    Ok(())
}

fn enrolled(
    thumbprint: Thumbprint,
    sensor: SensorId,
    serial: Serial,
    cti: Option<Cti>,
    roots: RootsKnown,
    enrolled_at: UnixSeconds,
) -> Identity {
    let (state, chain) = (IdentityState::Candidate, HeartbeatChain::default());
    Identity { thumbprint, sensor, serial, cti, state, enrolled_at, chain, last_seen: None, roots }
}
