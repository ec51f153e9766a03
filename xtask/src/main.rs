fn main() -> anyhow::Result<()> {
    let folder = picket_lab::PrivateFolder::new()?;
    let cable = picket_lab::namespaces::Cable::lay(folder.path())?;
    println!("{:?}", cable.left()?);
    println!("{:?}", cable.control_packet()?);
    let out = cable.at_near_side(|| picket_lab::process::run(std::process::Command::new("getent").args(["ahosts", "portal.picket.test"])));
    println!("{out:?} {:?}", cable.left()?);
    Ok(())
}
