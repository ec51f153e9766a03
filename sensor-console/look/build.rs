//! Packs what browsers load, once at the build: nobody packs it anew for each visit.

#![expect(clippy::disallowed_methods, reason = "a build has an environment; pages have not")]

use std::{env, error::Error, fs, io::Write as _, path::Path};

use flate2::{Compression, GzBuilder};

/// The files of [`assets`](src/assets.rs).
const FILES: [&str; 4] = ["look.css", "look.js", "htmx.min.js", "icon.svg"];

fn main() -> Result<(), Box<dyn Error>> {
    let to = env::var("OUT_DIR")?;
    for file in FILES {
        let from = Path::new("assets").join(file);
        println!("cargo::rerun-if-changed={}", from.display());
        // Neither name nor time in it: the same bytes at every build.
        let mut packed = GzBuilder::new().write(Vec::new(), Compression::best());
        packed.write_all(&fs::read(&from)?)?;
        fs::write(Path::new(&to).join(format!("{file}.gz")), packed.finish()?)?;
    }
    Ok(())
}
