//! What stands in the way of nothing, or only of some, and ought to be put right: the test all the way says it.

use anyhow::Result;
use picket_tests::{
    FakeClock, Scene,
    faults::{Login, Proxy, Trick},
};

use super::{Desk, connectivity::Plant, ledger, refusals::says_all};

/// Tests all the way, and the page must say this.
fn advised(desk: &Desk, code: &str) -> Result<()> {
    desk.person().open("/settings/network")?;
    desk.person().submit("/settings/network/check")?;
    desk.browser.until(&format!("[data-refusal='{code}']"))?;
    says_all(desk, code)
}

#[test]
fn the_test_all_the_way_finds_a_wrong_clock_and_what_stands_between() -> Result<()> {
    let mut scene = Scene::new()?;
    scene.agent.stop()?;
    let clock = FakeClock::start(&mut scene.agent, "+10m")?;
    let plant = Plant::at(Desk::of(scene)?)?;
    advised(&plant.desk, "endpoint.clock-drift")?;
    clock.set("+0")?;
    let open = Proxy::http(Login::None, Trick::None)?;
    plant.set_proxy(open.port(), Some(("plant", "told to everybody")))?;
    advised(&plant.desk, "endpoint.proxy-credentials-unneeded")?;
    let firewall = Proxy::http(Login::None, Trick::LoseLargeGreetings)?;
    plant.set_proxy(firewall.port(), None)?;
    advised(&plant.desk, "endpoint.post-quantum-hello-dropped")?;
    plant.desk.shown.all_of(ledger::ADVICE)
}
