//! What a list is ordered by, and where a page of it begins.

use picket_protocol::ids::SensorId;
use serde::{Deserialize, Serialize};

use crate::{
    database::{Builder, Row},
    store::rows::sensor_id,
};

/// What the list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// By name.
    #[default]
    Name,
    /// By site, then name.
    Site,
    /// The longest silent first.
    LastSeen,
    /// The newest first.
    Newest,
}

/// Where a page begins: after the sensor with this key and id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct After(Key, SensorId);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Key {
    Number(i64),
    Text(String),
}

impl After {
    /// The sensor there.
    pub(super) const fn sensor(&self) -> SensorId {
        self.1
    }
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Name, Self::Site, Self::LastSeen, Self::Newest];

    /// The order's columns, of which there is an index: `standings` is `s`, `contacts` is `c`.
    pub(super) const fn columns(self) -> Columns {
        let key = match self {
            Self::Name => "s.name",
            Self::Site => "s.place",
            Self::Newest => "s.created_at",
            Self::LastSeen => {
                return Columns {
                    key: "c.last_seen",
                    sensor: "c.sensor",
                    rows: "c.standing AS row FROM contacts c",
                    tables: "contacts c CROSS JOIN standings s",
                };
            }
        };
        Columns {
            key,
            sensor: "s.sensor",
            rows: "s.row AS row FROM standings s",
            tables: "standings s CROSS JOIN contacts c",
        }
    }

    /// The same as expressions of which there is no index: or SQLite follows one through the whole table.
    pub(super) fn unindexed(self) -> (String, String) {
        let Columns { key, sensor, .. } = self.columns();
        let nothing = match self {
            Self::Name | Self::Site => "''",
            Self::LastSeen | Self::Newest => "0",
        };
        (format!("coalesce({key}, {nothing})"), format!("coalesce({sensor}, {sensor})"))
    }

    /// Whether it goes downwards.
    const fn is_down(self) -> bool {
        matches!(self, Self::Newest)
    }

    /// The order as a statement says it.
    pub(super) fn by(self, key: &str, sensor: &str) -> String {
        let way = if self.is_down() { "DESC" } else { "ASC" };
        format!(" ORDER BY {key} {way}, {sensor} {way}")
    }

    /// Leaves what comes after.
    pub(super) fn push_after(self, query: &mut Builder, after: &After, key: &str, sensor: &str) {
        let After(last, id) = after;
        query.push(format!(" AND ({key}, {sensor}) {} (", if self.is_down() { "<" } else { ">" }));
        match last {
            Key::Number(number) => query.push_bind(*number),
            Key::Text(text) => query.push_bind(text.clone()),
        };
        query.push(", ").push_bind(id.as_bytes().to_vec()).push(")");
    }

    /// Where a row stands in the order, by its columns `key` and `sensor`.
    pub(super) fn place_of(self, row: &Row) -> Result<After, sqlx::Error> {
        let key = match self {
            Self::Name | Self::Site => Key::Text(row.try_get("key")?),
            Self::LastSeen | Self::Newest => Key::Number(row.try_get("key")?),
        };
        Ok(After(key, sensor_id(row, "sensor")?))
    }
}

/// The columns of an order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    pub(super) key: &'static str,
    pub(super) sensor: &'static str,
    /// The number of a sensor's rows, and the table that has the key.
    pub(super) rows: &'static str,
    /// Both tables, that one first.
    pub(super) tables: &'static str,
}
