//! A name server that knows one answer: every name is at one IPv4 address. For a namespace of ours only.

use std::{
    net::{Ipv4Addr, UdpSocket},
    thread,
};

use anyhow::{Context, Result};

const A: [u8; 2] = [0, 1];
const HEADER: usize = 12;

/// Answers on `address`:53 until the program ends, on a thread in the network namespace of the caller.
///
/// # Errors
/// When the port cannot be had.
pub(super) fn serve(address: Ipv4Addr) -> Result<()> {
    let socket = UdpSocket::bind((address, 53)).context("cannot serve names")?;
    thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((size, asker)) = socket.recv_from(&mut query) {
            if let Some(answer) = answer(&query[..size], address) {
                // An asker that went away loses nothing.
                let _ = socket.send_to(&answer, asker);
            }
        }
    });
    Ok(())
}

/// RFC 1035 §4: the question is repeated; a question for an A record gets one, another gets none.
fn answer(query: &[u8], address: Ipv4Addr) -> Option<Vec<u8>> {
    let name = query.get(HEADER..)?.iter().position(|byte| *byte == 0)?;
    let question = query.get(HEADER..HEADER + name + 5)?;
    let kind = question.get(name + 1..name + 3)?;
    let answers = u8::from(kind == A);
    let mut bytes = query.get(..2)?.to_vec();
    bytes.extend([0x85, 0x80, 0, 1, 0, answers, 0, 0, 0, 0]);
    bytes.extend_from_slice(question);
    if answers == 1 {
        let pointer_to_question = [0xc0, 12];
        let (class_in, seconds_to_live, size) = ([0, 1], [0, 0, 0, 1], [0, 4]);
        bytes.extend(pointer_to_question);
        bytes.extend(A);
        bytes.extend(class_in);
        bytes.extend(seconds_to_live);
        bytes.extend(size);
        bytes.extend(address.octets());
    }
    Some(bytes)
}
