//! The answer to a heartbeat. Keys are those of docs/cddl/answer.cddl. The documents in it stay closed: each has its own
//! reading order.

use alloc::vec::Vec;

use super::{activation::read_tags, heartbeat::read_streams};
use crate::{
    cbor::{
        self, Value,
        fields::{At, Entries, Fields, Read, Write, read_list, write_map},
    },
    heartbeat::{Answer, Confirmation, DesiredState},
    refusal::Refusal,
    trust::{read_roots, write_roots},
    wire::MAX_ANSWER,
};

pub(crate) fn decode(bytes: &[u8]) -> Result<Answer, Refusal> {
    let at = At::document("answer");
    let value = cbor::gate_part(bytes, MAX_ANSWER, "answer")?;
    let mut fields = Fields::open(value, at)?;
    let roots = fields.optional::<Value>(4, "roots")?;
    Ok(Answer {
        time: fields.required(1, "time")?,
        desired: fields.optional(2, "desired")?.unwrap_or_default(),
        confirmations: read_streams(fields.optional(3, "confirmations")?, &at.field("confirmations"))?,
        roots: roots.map_or(Ok(Vec::new()), |roots| read_roots(roots, &at.field("roots")))?,
        reissue: fields.optional(5, "reissue")?,
        deactivation: fields.optional(6, "deactivation")?,
    })
}

pub(crate) fn encode(answer: &Answer) -> Vec<u8> {
    let desired = (answer.desired != DesiredState::default()).then_some(&answer.desired);
    let roots = (!answer.roots.is_empty()).then(|| write_roots(&answer.roots));
    let entries = Entries::default()
        .with(1, &answer.time)
        .maybe(2, desired)
        .maybe(3, write_map(&answer.confirmations).as_ref())
        .maybe(4, roots.as_ref())
        .maybe(5, answer.reissue.as_ref())
        .maybe(6, answer.deactivation.as_ref());
    cbor::encode(&entries.map())
}

impl Read for DesiredState {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let mut fields = Fields::open(value, *at)?;
        let tags = fields.optional::<Value>(4, "tags")?;
        let desired = Self {
            name: fields.optional(1, "name")?,
            site: fields.optional(2, "site")?,
            zone: fields.optional(3, "zone")?,
            tags: tags.map_or(Ok(Default::default()), |tags| read_tags(tags, &at.field("tags")))?,
            automatic_ti: fields.optional(5, "automatic TI")?,
            interval_seconds: fields.optional(6, "interval")?,
        };
        match desired.interval_seconds {
            Some(seconds) if !Self::INTERVALS.contains(&seconds) => {
                Err(at.field("interval").malformed(format_args!("{seconds} s, must be 10 to 900")))
            }
            _ => Ok(desired),
        }
    }
}

impl Write for DesiredState {
    fn write(&self) -> Value {
        Entries::default()
            .maybe(1, self.name.as_ref())
            .maybe(2, self.site.as_ref())
            .maybe(3, self.zone.as_ref())
            .maybe(4, write_map(&self.tags).as_ref())
            .maybe(5, self.automatic_ti.as_ref())
            .maybe(6, self.interval_seconds.as_ref())
            .map()
    }
}

impl Read for Confirmation {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let mut fields = Fields::open(value, *at)?;
        let up_to = fields.required(1, "up to")?;
        let at = at.field("lacks");
        let lacks = match fields.optional::<Value>(2, "lacks")? {
            Some(value) => read_list::<Value>(value, &at, 0..=Self::MAX_LACKS)?,
            None => Vec::new(),
        };
        let lacks = lacks.into_iter().map(|range| read_range(range, &at)).collect::<Result<Vec<_>, _>>()?;
        let apart = lacks.is_sorted_by(|(_, last), (first, _)| last < first);
        let below = lacks.last().is_none_or(|(_, last)| *last < up_to);
        if apart && below { Ok(Self { up_to, lacks }) } else { Err(at.malformed("not ascending below the mark")) }
    }
}

fn read_range(value: Value, at: &At<'_>) -> Result<(u64, u64), Refusal> {
    match read_list::<u64>(value, at, 2..=2)?[..] {
        [first, last] if first <= last => Ok((first, last)),
        _ => Err(at.malformed("not a range")),
    }
}

impl Write for Confirmation {
    fn write(&self) -> Value {
        let range = |(first, last): &(u64, u64)| Value::Array(alloc::vec![(*first).into(), (*last).into()]);
        let lacks = (!self.lacks.is_empty()).then(|| Value::Array(self.lacks.iter().map(range).collect()));
        Entries::default().with(1, &self.up_to).maybe(2, lacks.as_ref()).map()
    }
}
