//! System Settings, SSL/TLS certificate: each fault of what is imported has its own refusal, and the one in use stays.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use picket_lab::process::run;
use picket_tests::faults::Authority;

use super::Desk;

const PAGE: &str = "/settings/certificate";
/// What the page says of it.
const IN_USE: &str = "main .stack > .definitions";
const PASSPHRASE: &str = "three-grey-pumps";

/// What people would bring, made by the programs that they would use.
struct Bench<'a> {
    folder: &'a Path,
    authority: Authority,
}

impl Bench<'_> {
    fn at(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn openssl(&self, arguments: &str) -> Result<()> {
        run(Command::new("openssl").args(arguments.split(' ')).current_dir(self.folder)).map(drop)
    }

    /// A self-signed certificate for 127.0.0.1 with such a key.
    fn self_signed(&self, name: &str, key: &str, more: &str) -> Result<()> {
        let subject = "-subj /CN=console -addext subjectAltName=IP:127.0.0.1";
        self.openssl(&format!("req -x509 -newkey {key} -nodes -keyout {name}.key -out {name}.pem {subject} {more}"))
    }

    /// These files in one.
    fn together(&self, name: &str, parts: &[&str]) -> Result<PathBuf> {
        let texts = parts.iter().map(|part| fs::read_to_string(self.at(part)).with_context(|| (*part).to_owned()));
        let file = self.at(name);
        fs::write(&file, texts.collect::<Result<String>>()?)?;
        Ok(file)
    }
}

fn import(desk: &Desk, file: &Path, passphrase: &str) -> Result<()> {
    desk.person().open(PAGE)?;
    desk.browser.write(&format!("form[action='{PAGE}'] [name=passphrase]"), passphrase)?;
    desk.person().upload(PAGE, file)
}

#[test]
fn each_fault_of_a_certificate_is_told_apart_and_a_good_one_is_used_at_once() -> Result<()> {
    let desk = Desk::new()?;
    let sensor = desk.scene.onboard("certified", &["--mode", "locally-managed"])?;
    desk.person().first_sign_in(&desk.scene.agent, &sensor.file)?;
    let bench = Bench { folder: &desk.scene.folder.join("bench"), authority: Authority::new("The plant's CA")? };
    fs::create_dir(bench.folder)?;
    let elliptic = "ec -pkeyopt ec_paramgen_curve:P-256";
    bench.self_signed("good", elliptic, "-days 365")?;
    bench.self_signed("other", elliptic, "-days 365")?;
    bench.self_signed("weak", "rsa:1024", "-days 365")?;
    bench.openssl(&format!("pkcs8 -topk8 -in good.key -out locked.key -passout pass:{PASSPHRASE}"))?;
    bench.authority.write(&bench.at("authority.pem"))?;
    bench.authority.write_pair(
        "elsewhere",
        &["elsewhere.example"],
        &bench.at("elsewhere.pem"),
        &bench.at("elsewhere.key"),
    )?;
    bench.authority.write_expired_pair(&["127.0.0.1"], &bench.at("expired.pem"), &bench.at("expired.key"))?;
    fs::write(bench.at("note.txt"), "The certificate is in the other mail.\n")?;
    desk.person().open(PAGE)?;
    let before = desk.browser.text(IN_USE)?;
    for (parts, passphrase, code) in [
        (&["note.txt"][..], "", "certificate.not-pem"),
        (&["good.pem", "locked.key"], "", "certificate.passphrase"),
        (&["good.pem", "locked.key"], "three-green-pumps", "certificate.passphrase"),
        (&["good.pem", "other.pem", "good.key"], "", "certificate.chain"),
        (&["expired.pem", "authority.pem", "expired.key"], "", "certificate.expired"),
        (&["good.pem", "other.key"], "", "certificate.key-mismatch"),
        (&["weak.pem", "weak.key"], "", "certificate.weak-key"),
        (&["elsewhere.pem", "authority.pem", "elsewhere.key"], "", "certificate.name-mismatch"),
    ] {
        import(&desk, &bench.together("brought.pem", parts)?, passphrase)?;
        let panel = format!("[data-refusal='{code}']");
        desk.browser.until("[data-refusal]")?;
        ensure!(desk.browser.count(&panel)? == 1, "{parts:?} is not {code}: {}", desk.browser.shown());
        ensure!(desk.browser.count(&format!("{panel} dd"))? > 0, "{code} found nothing: {}", desk.browser.shown());
        ensure!(desk.browser.count(&format!("{panel} li"))? > 0, "{code} gives no next step");
        let shown = desk.browser.run("return document.documentElement.outerHTML")?.to_string();
        ensure!(!shown.contains("green-pumps"), "{code}: the page repeats the passphrase");
        ensure!(desk.browser.text(IN_USE)? == before, "{code}: another certificate is in use");
    }
    import(&desk, &bench.together("brought.pem", &["good.pem", "locked.key"])?, PASSPHRASE)?;
    desk.browser.until("body:not(:has([data-refusal]))")?;
    // The same session goes on under the new certificate.
    desk.person().open(PAGE)?;
    ensure!(desk.browser.text(IN_USE)?.contains("CN=console"), "{}", desk.browser.shown());
    Ok(())
}
