//! The mode with what it needs: two neighbouring keys, a number and a map. An unknown mode or hub kind refuses.

use alloc::format;

use crate::{
    cbor::{
        Value,
        fields::{At, Entries, Fields, Read, Write},
    },
    documents::activation::{
        CloudConnected, Hub, HubKind, LocallyManaged, ManagementConsole, Mode, ModeSettings, Secret,
    },
    refusal::Refusal,
};

impl Mode {
    /// Its number in documents and heartbeats.
    pub(crate) const fn number(self) -> u64 {
        match self {
            Self::CloudConnected => 1,
            Self::LocallyManaged => 2,
        }
    }
}

impl Read for Mode {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let number = u64::read(value, at)?;
        let mode = [Self::CloudConnected, Self::LocallyManaged].into_iter().find(|mode| mode.number() == number);
        mode.ok_or_else(|| Refusal::Unsupported { what: format!("mode {number}") })
    }
}

impl Write for Mode {
    fn write(&self) -> Value {
        self.number().into()
    }
}

pub(super) fn read(fields: &mut Fields<'_>, mode: i64, settings: i64) -> Result<ModeSettings, Refusal> {
    match fields.required::<Mode>(mode, "mode")? {
        Mode::CloudConnected => fields.required(settings, "cloud-connected").map(ModeSettings::CloudConnected),
        Mode::LocallyManaged => fields.required(settings, "locally-managed").map(ModeSettings::LocallyManaged),
    }
}

pub(super) fn write(settings: &ModeSettings) -> (Mode, Value) {
    let written = match settings {
        ModeSettings::CloudConnected(cloud) => cloud.write(),
        ModeSettings::LocallyManaged(local) => local.write(),
    };
    (settings.mode(), written)
}

impl Read for CloudConnected {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let mut fields = Fields::open(value, *at)?;
        Ok(Self {
            portal: fields.required(1, "portal")?,
            enrolment_token: fields.required(2, "enrolment token")?,
            hub: fields.required(3, "hub")?,
            automatic_ti: fields.required(4, "automatic TI")?,
        })
    }
}

impl Write for CloudConnected {
    fn write(&self) -> Value {
        let entries = Entries::default().with(1, &self.portal).with(2, &self.enrolment_token);
        entries.with(3, &self.hub).with(4, &self.automatic_ti).map()
    }
}

impl Read for LocallyManaged {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let mut fields = Fields::open(value, *at)?;
        Ok(Self { management_console: fields.optional(1, "management console")? })
    }
}

impl Write for LocallyManaged {
    fn write(&self) -> Value {
        Entries::default().maybe(1, self.management_console.as_ref()).map()
    }
}

impl Read for ManagementConsole {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let mut fields = Fields::open(value, *at)?;
        Ok(Self { endpoint: fields.required(1, "endpoint")?, pairing_token: fields.required(2, "pairing token")? })
    }
}

impl Write for ManagementConsole {
    fn write(&self) -> Value {
        Entries::default().with(1, &self.endpoint).with(2, &self.pairing_token).map()
    }
}

impl Read for Hub {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let mut fields = Fields::open(value, *at)?;
        Ok(Self {
            kind: fields.required(1, "kind")?,
            endpoint: fields.required(2, "endpoint")?,
            topic_template: fields.optional(3, "topic template")?,
            portal_confirms: fields.required(4, "portal confirms")?,
        })
    }
}

impl Write for Hub {
    fn write(&self) -> Value {
        let entries = Entries::default().with(1, &self.kind).with(2, &self.endpoint);
        entries.maybe(3, self.topic_template.as_ref()).with(4, &self.portal_confirms).map()
    }
}

impl HubKind {
    const fn number(self) -> u64 {
        match self {
            Self::Https => 1,
            Self::Mqtt => 2,
        }
    }
}

impl Read for HubKind {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let number = u64::read(value, at)?;
        let kind = [Self::Https, Self::Mqtt].into_iter().find(|kind| kind.number() == number);
        kind.ok_or_else(|| Refusal::Unsupported { what: format!("IoT hub of kind {number}") })
    }
}

impl Write for HubKind {
    fn write(&self) -> Value {
        self.number().into()
    }
}

impl Read for Secret {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let text = value.into_text().ok();
        // What was found instead is a secret too: it is not repeated.
        text.and_then(Self::new).ok_or_else(|| at.malformed("not a token of 22 to 128 visible characters"))
    }
}

impl Write for Secret {
    fn write(&self) -> Value {
        self.expose().write()
    }
}
