//! Requests of Modbus/TCP and a controller's answers (Modbus Application Protocol V1.1b3, Messaging on TCP/IP V1.0b).

pub(super) const PORT: u16 = 502;
const UNIT: u8 = 1;

#[derive(Clone, Copy)]
pub(super) enum Request {
    /// Function 1.
    ReadCoils { first: u16, count: u8 },
    /// Function 3.
    ReadHoldingRegisters { first: u16, count: u8 },
    /// Function 6.
    WriteRegister { place: u16, value: u16 },
    /// Function 8, sub-function 4: the controller falls silent, so there is no answer.
    ForceListenOnly,
    /// Function 15, for eight coils.
    WriteCoils { first: u16, states: u8 },
    /// Function 43, type 14: vendor, product and revision.
    ReadDeviceIdentification,
}

impl Request {
    pub(super) fn to_bytes(self, transaction: u16) -> Vec<u8> {
        let body = match self {
            Self::ReadCoils { first, count } => words(1, &[first, count.into()]),
            Self::ReadHoldingRegisters { first, count } => words(3, &[first, count.into()]),
            Self::WriteRegister { place, value } => words(6, &[place, value]),
            Self::ForceListenOnly => words(8, &[4, 0]),
            Self::WriteCoils { first, states } => [words(15, &[first, 8]), vec![1, states]].concat(),
            Self::ReadDeviceIdentification => vec![43, 14, 1, 0],
        };
        with_header(transaction, &body)
    }

    pub(super) fn answer(self, transaction: u16) -> Option<Vec<u8>> {
        let body = match self {
            Self::ReadCoils { count, .. } => filled(1, count.div_ceil(8)),
            Self::ReadHoldingRegisters { count, .. } => filled(3, count * 2),
            Self::WriteRegister { place, value } => words(6, &[place, value]),
            Self::ForceListenOnly => return None,
            Self::WriteCoils { first, .. } => words(15, &[first, 8]),
            Self::ReadDeviceIdentification => identification(),
        };
        Some(with_header(transaction, &body))
    }
}

fn words(function: u8, words: &[u16]) -> Vec<u8> {
    let mut body = vec![function];
    words.iter().for_each(|word| body.extend(word.to_be_bytes()));
    body
}

/// An answer whose values nobody looks at.
fn filled(function: u8, bytes: u8) -> Vec<u8> {
    let mut body = vec![function, bytes];
    body.extend((0..bytes).map(|place| place.wrapping_mul(37)));
    body
}

fn identification() -> Vec<u8> {
    let mut body = vec![43, 14, 1, 1, 0, 0, 3];
    for (object, text) in [(0, "Picket"), (1, "Test controller"), (2, "1.0")] {
        body.extend([object, u8::try_from(text.len()).expect("texts are short")]);
        body.extend(text.as_bytes());
    }
    body
}

/// Transaction, protocol 0, length of what follows, unit.
fn with_header(transaction: u16, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 1).expect("messages are short");
    let mut bytes = Vec::new();
    [transaction, 0, length].iter().for_each(|word| bytes.extend(word.to_be_bytes()));
    bytes.push(UNIT);
    bytes.extend(body);
    bytes
}
