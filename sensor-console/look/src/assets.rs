//! What browsers load beside pages, by paths that carry a hash of the content, so that they may be kept for ever.

/// One file.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    /// Its path, `/assets/look.HASH.css`.
    pub path: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// Its content.
    pub content: &'static [u8],
    /// The same, packed by gzip: half of a first visit. Pages are never packed: what is in them beside a secret would tell of
    /// it by their length.
    pub packed: &'static [u8],
}

impl Asset {
    /// What goes to a browser that says this in `accept-encoding`, and the `content-encoding` it has.
    #[must_use]
    pub fn for_browser(&self, accepts: &str) -> (&'static [u8], Option<&'static str>) {
        let gzip = accepts.split(',').map(str::trim).any(|coding| coding == "gzip");
        if gzip { (self.packed, Some("gzip")) } else { (self.content, None) }
    }
}

/// How long a browser may keep what is served under such a path.
pub const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";
/// Every path begins so.
pub const PREFIX: &str = "/assets/";

/// What htmx may do: nothing that a strict content security policy forbids, nothing kept in the browser.
pub const HTMX_CONFIG: &str = r#"{"allowEval":false,"allowScriptTags":false,"includeIndicatorStyles":false,"selfRequestsOnly":true,"historyCacheSize":0,"refreshOnHistoryMiss":true,"defaultSwapStyle":"outerHTML"}"#;

/// The content security policy that every page stands under.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

macro_rules! asset {
    ($name:literal, $extension:literal, $media_type:literal) => {{
        const CONTENT: &[u8] = include_bytes!(concat!("../assets/", $name, ".", $extension));
        const HASH: [u8; 16] = hex(fnv(CONTENT));
        const PATH: [u8; 10 + $name.len() + 16 + $extension.len()] =
            join([b"/assets/", $name.as_bytes(), b".", &HASH, b".", $extension.as_bytes()]);
        Asset {
            path: match core::str::from_utf8(&PATH) {
                Ok(path) => path,
                Err(_) => "",
            },
            media_type: $media_type,
            content: CONTENT,
            packed: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".", $extension, ".gz")),
        }
    }};
}

/// The style.
pub static STYLE: Asset = asset!("look", "css", "text/css; charset=utf-8");
/// Our script.
pub static SCRIPT: Asset = asset!("look", "js", "text/javascript; charset=utf-8");
/// htmx, as its makers publish it.
pub static HTMX: Asset = asset!("htmx.min", "js", "text/javascript; charset=utf-8");
/// The icon of the browser's tab.
pub static ICON: Asset = asset!("icon", "svg", "image/svg+xml");

/// The file under a path, if it is one of this very build.
#[must_use]
pub fn find(path: &str) -> Option<&'static Asset> {
    [&STYLE, &SCRIPT, &HTMX, &ICON].into_iter().find(|asset| asset.path == path)
}

/// FNV-1a: it tells builds apart; nobody is kept out by it.
const fn fnv(content: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut place = 0;
    while place < content.len() {
        hash = (hash ^ content[place] as u64).wrapping_mul(0x0100_0000_01b3);
        place += 1;
    }
    hash
}

const fn hex(number: u64) -> [u8; 16] {
    let mut text = [0; 16];
    let mut place = 0;
    while place < 16 {
        text[place] = b"0123456789abcdef"[((number >> (60 - 4 * place)) & 15) as usize];
        place += 1;
    }
    text
}

const fn join<const N: usize>(parts: [&[u8]; 6]) -> [u8; N] {
    let mut text = [0; N];
    let (mut part, mut at) = (0, 0);
    while part < parts.len() {
        let mut place = 0;
        while place < parts[part].len() {
            text[at] = parts[part][place];
            at += 1;
            place += 1;
        }
        part += 1;
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn style_and_script_stay_small() {
        assert!(STYLE.content.len() <= 20 * 1024, "{} bytes of style", STYLE.content.len());
        assert!(SCRIPT.content.len() <= 5 * 1024, "{} bytes of script", SCRIPT.content.len());
    }

    #[test]
    fn what_is_packed_is_the_same_and_goes_to_those_who_take_it() {
        for asset in [&STYLE, &SCRIPT, &HTMX, &ICON] {
            let mut unpacked = Vec::new();
            flate2::read::GzDecoder::new(asset.packed).read_to_end(&mut unpacked).unwrap();
            assert_eq!(unpacked, asset.content, "{}", asset.path);
            assert_eq!(asset.for_browser("gzip, deflate, br"), (asset.packed, Some("gzip")));
            for accepts in ["", "identity", "x-gzip", "gzip;q=0"] {
                assert_eq!(asset.for_browser(accepts), (asset.content, None), "{accepts}");
            }
        }
        assert!(HTMX.packed.len() * 2 < HTMX.content.len());
    }

    #[test]
    fn htmx_is_what_its_makers_published() {
        let hash: String = Sha256::digest(HTMX.content).iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(include_str!("../assets/README.md").contains(&hash), "{hash}");
    }

    #[test]
    fn each_is_found_by_its_path_alone() {
        assert!(STYLE.path.starts_with("/assets/look.") && STYLE.path.ends_with(".css"), "{}", STYLE.path);
        assert_eq!(find(STYLE.path).map(|asset| asset.media_type), Some("text/css; charset=utf-8"));
        assert!(find("/assets/look.css").is_none());
        assert!(find("/assets/../look.css").is_none());
    }
}
