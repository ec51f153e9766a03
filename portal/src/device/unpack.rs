//! Unpacks the body of a request, within a bound: a small body may unpack to more than a machine holds.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use hyper::{HeaderMap, body::Bytes, header::CONTENT_ENCODING};

use crate::domain::refused::Refused;

/// zstd's window: what one frame may make the reader hold, 8 MiB. Senders of small bodies use less.
const WINDOW_LOG: u32 = 23;

/// The body as it was before it was packed, at most `limit` bytes.
pub(super) fn unpack(headers: &HeaderMap, body: Bytes, limit: usize) -> Result<Bytes, Refused> {
    let encodings: Vec<&[u8]> = headers.get_all(CONTENT_ENCODING).iter().map(|value| value.as_bytes()).collect();
    match encodings[..] {
        [] | [b"identity"] => Ok(body),
        [b"gzip"] => read(MultiGzDecoder::new(&body[..]), limit),
        [b"zstd"] => read(zstd_reader(&body).map_err(|error| broken(&error))?, limit),
        _ => {
            let encoding = encodings.iter().map(|name| String::from_utf8_lossy(name)).collect::<Vec<_>>().join(", ");
            Err(Refused::UnsupportedEncoding { encoding })
        }
    }
}

fn zstd_reader(body: &[u8]) -> io::Result<impl Read> {
    let mut reader = zstd::stream::read::Decoder::with_buffer(body)?;
    reader.window_log_max(WINDOW_LOG)?;
    Ok(reader)
}

fn read(reader: impl Read, limit: usize) -> Result<Bytes, Refused> {
    let mut unpacked = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(most).read_to_end(&mut unpacked).map_err(|error| broken(&error))?;
    if unpacked.len() > limit {
        return Err(Refused::BatchTooLarge { limit });
    }
    Ok(unpacked.into())
}

fn broken(error: &io::Error) -> Refused {
    Refused::invalid(format!("the body cannot be unpacked: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};
    use hyper::header::HeaderValue;

    use super::*;

    const LIMIT: usize = 100_000;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).unwrap()
    }

    fn unpacked(encodings: &[&'static str], body: Vec<u8>) -> Result<Bytes, Refused> {
        let mut headers = HeaderMap::new();
        for encoding in encodings {
            headers.append(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        unpack(&headers, body.into(), LIMIT)
    }

    #[test]
    fn a_body_is_what_it_was_before_it_was_packed() {
        let body = b"[{}]".repeat(100);
        for (encodings, packed) in
            [(&[][..], body.clone()), (&["identity"], body.clone()), (&["gzip"], gzip(&body)), (&["zstd"], zstd(&body))]
        {
            assert_eq!(unpacked(encodings, packed), Ok(body.clone().into()), "{encodings:?}");
        }
    }

    #[test]
    fn the_bound_holds_after_unpacking() {
        let full = vec![b' '; LIMIT];
        let bomb = vec![0; LIMIT * 200];
        assert!(gzip(&bomb).len() < LIMIT && zstd(&bomb).len() < LIMIT);
        for (encoding, pack) in [("gzip", gzip as fn(&[u8]) -> Vec<u8>), ("zstd", zstd)] {
            assert_eq!(unpacked(&[encoding], pack(&full)), Ok(full.clone().into()));
            assert_eq!(unpacked(&[encoding], pack(&bomb)), Err(Refused::BatchTooLarge { limit: LIMIT }));
            // Frame by frame is no way round it.
            let frames = pack(&full[..LIMIT / 2]).repeat(3);
            assert_eq!(unpacked(&[encoding], frames), Err(Refused::BatchTooLarge { limit: LIMIT }));
        }
    }

    #[test]
    fn a_window_of_gigabytes_is_refused() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).unwrap();
        encoder.window_log(27).unwrap();
        encoder.write_all(b"[]").unwrap();
        let refused = unpacked(&["zstd"], encoder.finish().unwrap()).unwrap_err();
        assert_eq!(refused.status(), 400);
    }

    #[test]
    fn what_is_cut_short_or_has_more_behind_it_is_refused() {
        for (encoding, packed) in [("gzip", gzip(b"[{}]")), ("zstd", zstd(b"[{}]"))] {
            let (cut, more) = (packed[..packed.len() - 1].to_vec(), [&packed[..], b"more"].concat());
            assert_eq!(unpacked(&[encoding], cut).unwrap_err().status(), 400, "{encoding}");
            assert_eq!(unpacked(&[encoding], more).unwrap_err().status(), 400, "{encoding}");
            assert_eq!(unpacked(&[encoding], b"[{}]".to_vec()).unwrap_err().status(), 400, "{encoding}");
        }
    }

    #[test]
    fn an_unknown_packing_is_refused_by_its_name() {
        for encodings in [&["br"][..], &["gzip, zstd"], &["gzip", "gzip"], &[""]] {
            assert!(matches!(unpacked(encodings, b"[]".to_vec()), Err(Refused::UnsupportedEncoding { .. })));
        }
    }
}
