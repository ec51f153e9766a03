//! The sensor console as it is shipped, before an agent as it is shipped, asked over TLS by a driver of the tests package.

use anyhow::Result;

use super::programs::driver;
use crate::builds::build;

pub(super) fn run() -> Result<bool> {
    build("size", &["--package", "picket-agent", "--package", "picket-console"])?;
    // It only issues the file, so that any build of it will do.
    build("dev", &["--package", "picket-portal"])?;
    driver("size", "bench-console", &[])
}
