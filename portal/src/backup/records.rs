//! The inside of a backup: a head, files, tables row by row, an end. Each record begins with the byte that says which.
//! Numbers are big-endian; text and bytes have their length before them.

use std::io::{self, Read, Write};

use super::{Head, sum::Sum};
use crate::database::{Kind, Value};

const HEAD: u8 = b'H';
const FILE: u8 = b'F';
const TABLE: u8 = b'T';
const ROW: u8 = b'R';
const ROWS_END: u8 = b'E';
const END: u8 = b'Z';

const NULL: u8 = 0;
const NUMBER: u8 = 1;
const TEXT: u8 = 2;
const BYTES: u8 = 3;

/// Bytes of one value or file, at most: the largest is an alert's record or a pushed file, far below.
const MAX_BYTES: u32 = 16 << 20;

/// What comes next.
#[derive(Debug)]
pub(super) enum Record {
    Head(Head),
    File { name: String, content: Vec<u8> },
    Table { schema: String, table: String },
    End,
}

/// What a table's rows end with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowsEnd {
    pub(super) sum: Sum,
    /// The highest number that the table ever gave a row; 0 where it gives none.
    pub(super) numbered: i64,
}

pub(super) fn put_head(out: &mut impl Write, head: &Head) -> io::Result<()> {
    out.write_all(&[HEAD])?;
    put_bytes(out, &serde_json::to_vec(head)?)
}

pub(super) fn put_file(out: &mut impl Write, name: &str, content: &[u8]) -> io::Result<()> {
    out.write_all(&[FILE])?;
    put_bytes(out, name.as_bytes())?;
    put_bytes(out, content)
}

pub(super) fn put_table(out: &mut impl Write, schema: &str, table: &str) -> io::Result<()> {
    out.write_all(&[TABLE])?;
    put_bytes(out, schema.as_bytes())?;
    put_bytes(out, table.as_bytes())
}

/// A row that [`encoded`] made.
pub(super) fn put_row(out: &mut impl Write, row: &[u8]) -> io::Result<()> {
    out.write_all(&[ROW])?;
    out.write_all(row)
}

pub(super) fn put_rows_end(out: &mut impl Write, end: &RowsEnd) -> io::Result<()> {
    out.write_all(&[ROWS_END])?;
    out.write_all(&end.sum.rows.to_be_bytes())?;
    out.write_all(&end.sum.digest)?;
    out.write_all(&end.numbered.to_be_bytes())
}

pub(super) fn put_end(out: &mut impl Write) -> io::Result<()> {
    out.write_all(&[END])
}

/// The values of a row as bytes: the same ones for the same row, whatever database it is from.
pub(super) fn encoded(row: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    for value in row {
        match value {
            Value::Number(Some(number)) => {
                bytes.push(NUMBER);
                bytes.extend_from_slice(&number.to_be_bytes());
            }
            Value::Text(Some(text)) => sized(&mut bytes, TEXT, text.as_bytes()),
            Value::Bytes(Some(content)) => sized(&mut bytes, BYTES, content),
            Value::Number(None) | Value::Text(None) | Value::Bytes(None) | Value::Truth(_) => bytes.push(NULL),
        }
    }
    bytes
}

fn sized(bytes: &mut Vec<u8>, kind: u8, content: &[u8]) {
    bytes.push(kind);
    bytes.extend_from_slice(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(content);
}

fn put_bytes(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= MAX_BYTES);
    let length = length.ok_or_else(|| io::Error::other("larger than a backup carries"))?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(bytes)
}

/// The record that comes next, or the head of it: after a table its rows come.
pub(super) fn next(input: &mut impl Read) -> io::Result<Record> {
    match one(input)? {
        HEAD => serde_json::from_slice(&bytes(input)?).map(Record::Head).map_err(|_| invalid("its head says nothing")),
        FILE => Ok(Record::File { name: text(input)?, content: bytes(input)? }),
        TABLE => Ok(Record::Table { schema: text(input)?, table: text(input)? }),
        END if input.read(&mut [0])? == 0 => Ok(Record::End),
        _ => Err(invalid("a record of it is none")),
    }
}

/// The next row of a table with these columns; how it ends, after the last.
pub(super) fn next_row(input: &mut impl Read, kinds: &[Kind]) -> io::Result<Result<Vec<Value>, RowsEnd>> {
    match one(input)? {
        ROW => kinds.iter().map(|kind| value(input, *kind)).collect::<io::Result<_>>().map(Ok),
        ROWS_END => {
            let rows = u64::from_be_bytes(exactly(input)?);
            let sum = Sum { rows, digest: exactly(input)? };
            Ok(Err(RowsEnd { sum, numbered: i64::from_be_bytes(exactly(input)?) }))
        }
        _ => Err(invalid("a record of it is none")),
    }
}

fn value(input: &mut impl Read, kind: Kind) -> io::Result<Value> {
    match (one(input)?, kind) {
        (NULL, kind) => Ok(kind.none()),
        (NUMBER, Kind::Number) => Ok(Value::Number(Some(i64::from_be_bytes(exactly(input)?)))),
        (TEXT, Kind::Text) => text(input).map(|text| Value::Text(Some(text))),
        (BYTES, Kind::Bytes) => bytes(input).map(|bytes| Value::Bytes(Some(bytes))),
        _ => Err(invalid("a value of it is of another type than its column")),
    }
}

fn one(input: &mut impl Read) -> io::Result<u8> {
    exactly::<1>(input).map(|[byte]| byte)
}

fn exactly<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn bytes(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let length = u32::from_be_bytes(exactly(input)?);
    if length > MAX_BYTES {
        return Err(invalid("a value of it is too large"));
    }
    let mut bytes = vec![0; length as usize];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn text(input: &mut impl Read) -> io::Result<String> {
    String::from_utf8(bytes(input)?).map_err(|_| invalid("a text of it is none"))
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
