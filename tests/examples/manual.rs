//! Writes the manual pages and completions of the packages into a folder, from the programs' own command lines:
//! `PACKAGE/man1`, `PACKAGE/man8`, `PACKAGE/bash`.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::Path,
};

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use flate2::{Compression, write::GzEncoder};

fn main() -> io::Result<()> {
    let folder = std::env::args_os().nth(1).ok_or_else(|| io::Error::other("manual FOLDER"))?;
    let folder = Path::new(&folder);
    write(&folder.join("agent"), picket_agent::arguments::Arguments::command(), 8)?;
    write(&folder.join("agent"), picket_agent::ctl::command_line(), 1)?;
    write(&folder.join("console"), picket_console::settings::Arguments::command(), 8)?;
    write(&folder.join("portal"), picket_portal::cli::command_line(), 1)
}

fn write(folder: &Path, command: Command, section: u8) -> io::Result<()> {
    let name = command.get_name().to_owned();
    let completions = folder.join("bash");
    fs::create_dir_all(&completions)?;
    let mut script = Vec::new();
    clap_complete::generate(Shell::Bash, &mut command.clone(), &name, &mut script);
    fs::write(completions.join(&name), script)?;

    let pages = folder.join(format!("man{section}"));
    fs::create_dir_all(&pages)?;
    page(&pages, command, &name, section)
}

/// A page for the command, and one for each of its subcommands.
fn page(folder: &Path, mut command: Command, name: &str, section: u8) -> io::Result<()> {
    command = command.disable_help_subcommand(true);
    command.build();
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        page(folder, subcommand.clone(), &format!("{name}-{}", subcommand.get_name()), section)?;
    }
    // clap keeps names as constants.
    let constant: &'static str = name.to_owned().leak();
    let mut text = Vec::new();
    clap_mangen::Man::new(command.name(constant)).section(section.to_string()).render(&mut text)?;
    // As Debian has them: packed as small as gzip can, and with no date inside.
    let mut packed = GzEncoder::new(File::create(folder.join(format!("{name}.{section}.gz")))?, Compression::best());
    packed.write_all(&text)?;
    packed.finish().map(drop)
}
