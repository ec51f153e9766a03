//! What the rows of a table say of sensors: each cell is read as the API reads that field, so that it is refused in the same
//! words, by row and column.

use picket_protocol::ids::SubscriptionId;
use serde_json::{Map, Value, json};

use super::{records::records, wrong};
use crate::{
    domain::{
        refused::{Refused, Wrong},
        registration::Filed,
    },
    people::sensor_body::SensorBody,
    store::HubRow,
};

/// Every column, and what its cells say.
pub(crate) const COLUMNS: [(&str, &str); 11] = [
    ("name", "1 to 64 letters, digits, spaces and . _ : -; include the sensor's IP address. Needed"),
    ("subscription", "whose sensor it is; a new name makes a new one. Needed"),
    ("mode", "cloud-connected, or locally-managed; empty: cloud-connected"),
    ("hub", "a hub by its name; empty: the one built into the portal"),
    ("site", "where it stands"),
    ("zone", "where in the site"),
    ("tags", "key=value; key=value"),
    ("automatic_ti", "yes or no"),
    ("appliance", "only the appliance with this id may use the file"),
    ("licence_until", "YYYY-MM-DD"),
    ("upload_days", "1 to 365; empty: 30"),
];
const BUILT_IN: &str = "built-in";

/// A row that can be onboarded.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) row: usize,
    pub(super) filed: Filed,
}

/// Everything that a table says, or everything that is wrong in it.
pub(super) fn read(
    table: &[u8],
    hubs: &[HubRow],
    new_subscription: impl Fn() -> SubscriptionId,
) -> Result<Vec<Candidate>, Vec<Wrong>> {
    let mut records = records(table).map_err(|wrong| vec![wrong])?.into_iter();
    let empty = || vec![wrong(1, None, "csv.empty", "a header and a row for each sensor are needed".to_owned())];
    let header = Header::read(records.next().ok_or_else(empty)?.1)?;
    let (mut candidates, mut all) = (Vec::new(), Vec::new());
    for (row, cells) in records {
        match header.candidate(row, &cells, hubs, new_subscription()) {
            Ok(filed) => candidates.push(Candidate { row, filed }),
            Err(found) => all.extend(found),
        }
    }
    if candidates.is_empty() && all.is_empty() {
        return Err(empty());
    }
    if all.is_empty() { Ok(candidates) } else { Err(all) }
}

/// The titles, in the table's order.
struct Header(Vec<&'static str>);

impl Header {
    fn read(titles: Vec<String>) -> Result<Self, Vec<Wrong>> {
        let (mut known, mut all) = (Vec::new(), Vec::new());
        for title in titles {
            let title = title.to_lowercase().replace(' ', "_");
            let column = COLUMNS.iter().map(|(column, _)| *column).find(|column| *column == title);
            match column {
                None => {
                    let why = format!("known are {}", COLUMNS.map(|(column, _)| column).join(", "));
                    all.push(wrong(1, Some(&title), "csv.unknown-column", why));
                }
                Some(column) if known.contains(&column) => {
                    all.push(wrong(1, Some(column), "csv.column-twice", "it stands there twice".to_owned()));
                }
                Some(column) => known.push(column),
            }
        }
        for needed in ["name", "subscription"] {
            if all.is_empty() && !known.contains(&needed) {
                all.push(wrong(1, Some(needed), "csv.missing", "this column is needed".to_owned()));
            }
        }
        if all.is_empty() { Ok(Self(known)) } else { Err(all) }
    }

    fn candidate(
        &self,
        row: usize,
        cells: &[String],
        hubs: &[HubRow],
        new_subscription: SubscriptionId,
    ) -> Result<Filed, Vec<Wrong>> {
        if cells.len() != self.0.len() {
            let why = format!("{} cells, where the header has {}", cells.len(), self.0.len());
            return Err(vec![wrong(row, None, "csv.fields", why)]);
        }
        let cell = |title: &str| {
            let place = self.0.iter().position(|column| *column == title);
            place.map_or("", |place| cells[place].as_str())
        };
        let (mut body, mut all) = (Map::new(), Vec::new());
        for title in &self.0 {
            match field(title, cell(title)) {
                Ok(said) => body.extend(said.into_iter().map(|(field, value)| (field.to_owned(), value))),
                Err((code, why)) => all.push(wrong(row, Some(title), code, why)),
            }
        }
        match mode(cell("mode"), cell("hub"), hubs) {
            Ok(mode) => _ = body.insert("mode".to_owned(), mode),
            Err((title, code, why)) => all.push(wrong(row, Some(title), code, why)),
        }
        if !all.is_empty() {
            return Err(all);
        }
        let filed = body_of(body).and_then(|body| body.filed(new_subscription).map_err(|refused| said_by(&refused)));
        filed.map_err(|why| vec![wrong(row, None, "csv.invalid", why)])
    }
}

/// What a cell says of its own field, if anything.
fn field(title: &str, cell: &str) -> Result<Option<(&'static str, Value)>, (&'static str, String)> {
    let invalid = |why: String| ("csv.invalid", why);
    let said = match (title, cell) {
        ("name" | "subscription", "") => return Err(("csv.missing", "it is needed".to_owned())),
        (_, "") | ("mode" | "hub", _) => return Ok(None),
        ("name", text) => ("name", text.into()),
        ("subscription", text) => ("subscription", text.into()),
        ("site", text) => ("site", text.into()),
        ("zone", text) => ("zone", text.into()),
        ("licence_until", text) => {
            let date: Result<jiff::civil::Date, _> = text.parse();
            date.map_err(|_| invalid(format!("{text:?} is no date: YYYY-MM-DD")))?;
            ("licence_until", text.into())
        }
        ("appliance", text) => ("binding", json!({ "kind": "appliance", "value": text })),
        ("tags", text) => ("tags", tags(text).map_err(invalid)?),
        ("automatic_ti", text) => ("automatic_ti", truth(text).map_err(invalid)?),
        ("upload_days", text) => {
            let days: u32 = text.parse().map_err(|_| invalid(format!("{text:?} is no number of days")))?;
            ("upload_days", days.into())
        }
        _ => return Ok(None),
    };
    // The one field alone, so that the refusal is about it.
    body_of(Map::from_iter([(said.0.to_owned(), said.1.clone())])).map_err(invalid)?;
    Ok(Some(said))
}

fn mode(mode: &str, hub: &str, hubs: &[HubRow]) -> Result<Value, (&'static str, &'static str, String)> {
    let local = match mode {
        "" | "cloud-connected" => false,
        "locally-managed" => true,
        _ => return Err(("mode", "csv.invalid", format!("{mode:?} is neither cloud-connected nor locally-managed"))),
    };
    if local {
        let why = "a locally managed sensor has no hub".to_owned();
        return if hub.is_empty() {
            Ok(json!({ "mode": "locally-managed" }))
        } else {
            Err(("hub", "csv.invalid", why))
        };
    }
    let id = match hub {
        "" | BUILT_IN => None,
        name => {
            let found = hubs.iter().find(|row| row.name.as_str() == name);
            Some(found.ok_or_else(|| ("hub", "csv.no-such-hub", format!("no hub is named {name:?}")))?.id.0)
        }
    };
    Ok(json!({ "mode": "cloud-connected", "hub": id }))
}

fn tags(text: &str) -> Result<Value, String> {
    let pairs = text.split([';', '\n']).map(str::trim).filter(|pair| !pair.is_empty());
    let read = |pair: &str| {
        let (key, value) = pair.split_once('=').ok_or_else(|| format!("{pair:?} is no key=value"))?;
        Ok((key.trim().to_owned(), Value::from(value.trim())))
    };
    Ok(Value::Object(pairs.map(read).collect::<Result<_, String>>()?))
}

fn truth(text: &str) -> Result<Value, String> {
    match text.to_lowercase().as_str() {
        "yes" | "true" => Ok(true.into()),
        "no" | "false" => Ok(false.into()),
        _ => Err(format!("{text:?} is neither yes nor no")),
    }
}

fn body_of(body: Map<String, Value>) -> Result<SensorBody, String> {
    serde_json::from_value(body.into()).map_err(|error| error.to_string())
}

fn said_by(refused: &Refused) -> String {
    refused.problem().detail
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<Candidate>, Vec<Wrong>> {
        read(text.as_bytes(), &[], || SubscriptionId::from_bytes([1; 16]))
    }

    fn codes(text: &str) -> Vec<(usize, String, String)> {
        let all = read_text(text).unwrap_err();
        all.into_iter().map(|wrong| (wrong.row, wrong.column.unwrap_or_default(), wrong.code)).collect()
    }

    fn one(row: usize, column: &str, code: &str) -> (usize, String, String) {
        (row, column.to_owned(), code.to_owned())
    }

    #[test]
    fn a_row_says_what_the_form_says() {
        let text = "Name,subscription,Mode,site,zone,tags,automatic ti,licence_until,upload_days\n\
            Pump 10.4.1.17,Plant,cloud-connected,North,DMZ,line=3; owner=ops,yes,2031-01-31,7\n\
            Pump 2,Plant,locally-managed,,,,,,\n";
        let read = read_text(text).unwrap();
        let filed = &read[0].filed;
        assert_eq!((read[0].row, filed.name.as_str(), filed.tags.len()), (2, "Pump 10.4.1.17", 2));
        assert_eq!(u32::from(filed.upload_window), 7);
        assert_eq!(read[1].filed.mode.mode().to_string(), "locally-managed");
    }

    #[test]
    fn everything_that_is_wrong_is_told_by_row_and_column() {
        let text = "name,subscription,mode,hub,tags,licence_until,upload_days\n\
            -,Plant,,,,,\n,,,,,,\nPump,,x,,a,2031-13-01,400\nPump,Plant,,none,,,\nPump,Plant\n";
        assert_eq!(
            codes(text),
            [
                one(2, "name", "csv.invalid"),
                one(4, "subscription", "csv.missing"),
                one(4, "tags", "csv.invalid"),
                one(4, "licence_until", "csv.invalid"),
                one(4, "upload_days", "csv.invalid"),
                one(4, "mode", "csv.invalid"),
                one(5, "hub", "csv.no-such-hub"),
                one(6, "", "csv.fields"),
            ]
        );
    }

    #[test]
    fn a_header_must_be_known_whole_and_single() {
        assert_eq!(codes("name,colour\nx,y\n"), [one(1, "colour", "csv.unknown-column")]);
        assert_eq!(codes("name,name\nx,y\n"), [one(1, "name", "csv.column-twice")]);
        assert_eq!(codes("name\nx\n"), [one(1, "subscription", "csv.missing")]);
        assert_eq!(codes("name,subscription\n"), [one(1, "", "csv.empty")]);
        assert_eq!(codes(""), [one(1, "", "csv.empty")]);
    }

    #[test]
    fn a_wish_that_the_mode_does_not_allow_is_of_the_row() {
        let text =
            "name,subscription,mode,automatic_ti,hub\nPump,Plant,locally-managed,yes,\nPump,Plant,locally-managed,,x\n";
        assert_eq!(codes(text), [one(2, "", "csv.invalid"), one(3, "hub", "csv.invalid")]);
    }
}
