//! The engine's output over a Unix stream socket, on which the agent listens. Nothing can be read again: what the engine
//! writes while nobody listens is its loss, and a batch that the log does not take is offered until it does.

use std::{
    fs::{self, Permissions},
    io::{self, Read as _},
    os::{
        fd::{AsFd as _, BorrowedFd},
        unix::{
            fs::PermissionsExt as _,
            net::{UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use picket_lifecycle::epochs::EpochRecord;
use picket_protocol::ids::Epoch;
use tokio::sync::watch;

use super::{
    Shared,
    assign::{Assigner, View},
    batch::{Batches, is_activated},
    health::Health,
    lines::{Lines, Next, widen},
    position::{Counts, Key, Point, Position},
    wake::Wake,
};
use crate::clock;

/// An engine writes over one connection; one more while it reconnects, and a few that somebody tries by hand.
const MAX_CONNECTIONS: usize = 4;
/// The engine's group may write, nobody else.
const MODE: u32 = 0o660;
/// How long the thread sleeps when nothing happens; how soon it tries again what failed.
const IDLE: Duration = Duration::from_secs(60);
const AGAIN: Duration = Duration::from_secs(1);
/// Most readings of each connection at a stop: an engine that never pauses must not keep the agent from it.
const LAST_READINGS: usize = 64;

pub(super) struct SocketIntake {
    path: PathBuf,
    epochs: watch::Receiver<Arc<[EpochRecord]>>,
    shared: Arc<Shared>,
    wake: Wake,
    batches: Batches,
    health: Health,
    listener: Option<UnixListener>,
    connections: Vec<Connection>,
    counts: Counts,
    assigner: Assigner,
    /// Bytes read from all connections: the places of this input.
    read: u64,
}

struct Connection {
    stream: UnixStream,
    lines: Lines,
}

/// What reading a connection came to.
enum Read {
    More,
    Drained,
    Ended,
}

impl SocketIntake {
    pub(super) fn new(
        path: &Path,
        epochs: watch::Receiver<Arc<[EpochRecord]>>,
        shared: Arc<Shared>,
        wake: Wake,
        batches: Batches,
    ) -> Self {
        let Position { epoch, counts, .. } = batches.position().unwrap_or_default();
        Self {
            path: path.to_owned(),
            epochs,
            shared,
            wake,
            batches,
            health: Health { last_record: clock::since_boot(), ..Health::default() },
            listener: None,
            connections: Vec::new(),
            counts,
            assigner: Assigner::new(epoch, Vec::new()),
            read: 0,
        }
    }

    pub(super) fn run(mut self) {
        while !self.shared.stops() {
            let pause = self.turn();
            self.tell();
            let mut watched: Vec<BorrowedFd<'_>> = self.listener.iter().map(|listener| listener.as_fd()).collect();
            // Held: what arrives must wait, and must not wake anybody.
            if self.shared.fence.held_at().is_none() {
                watched.extend(self.connections.iter().map(|connection| connection.stream.as_fd()));
            }
            self.wake.wait(pause, &watched);
        }
        self.finish();
    }

    /// Makes durable what has come so far, which nobody else has; then hangs up.
    fn finish(&mut self) {
        if self.listener.take().is_some() {
            // An engine that finds no socket knows at once that nobody listens.
            let _ = fs::remove_file(&self.path);
        }
        for _ in 0..LAST_READINGS {
            let drained = self.read_all();
            self.learn();
            self.take_lines();
            self.send();
            if drained {
                break;
            }
        }
        let partial =
            self.connections.drain(..).filter(|connection| connection.lines.taken() < connection.lines.read());
        self.counts.partial += widen(partial.count());
        if is_activated(self.assigner.current())
            && let Err(error) = self.batches.offer(&self.position(), self.assigner.records())
        {
            tracing::debug!(%error, "the last counts of the socket were not saved");
        }
        self.tell();
    }

    /// Takes what is there; gives how long to sleep.
    fn turn(&mut self) -> Duration {
        if let Err(error) = self.listen() {
            self.health.failure = Some(error.kind());
            return AGAIN;
        }
        self.accept();
        let pause = self.run_down();
        self.health.failure = self.connections.is_empty().then_some(io::ErrorKind::NotFound);
        pause
    }

    /// Takes everything that is there, until the fence.
    fn run_down(&mut self) -> Duration {
        loop {
            let drained = self.shared.fence.held_at().is_none() && self.read_all();
            // Whatever was read before this look at the fence, and is learnt of after it: see `intake.rs`.
            if self.shared.fence.held_at().is_some() || self.shared.stops() {
                return IDLE;
            }
            self.learn();
            self.take_lines();
            self.send();
            if drained {
                // What comes now was written after every commit that is known.
                let at = self.at();
                self.assigner.certain_from(at);
                return IDLE;
            }
        }
    }

    fn listen(&mut self) -> io::Result<()> {
        if self.listener.is_some() && self.path.exists() {
            return Ok(());
        }
        // Under another name until its mode is right; the rename also replaces what an earlier run left.
        let draft = self.path.with_extension("draft");
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&draft)?;
        fs::set_permissions(&draft, Permissions::from_mode(MODE))?;
        listener.set_nonblocking(true)?;
        fs::rename(&draft, &self.path)?;
        self.listener = Some(listener);
        Ok(())
    }

    fn accept(&mut self) {
        let Some(listener) = &self.listener else { return };
        while let Ok((stream, _)) = listener.accept() {
            if stream.set_nonblocking(true).is_err() {
                continue;
            }
            if self.connections.len() >= MAX_CONNECTIONS {
                // The oldest is the one that its engine forgot.
                let gone = self.connections.remove(0);
                self.counts.partial += u64::from(gone.lines.taken() < gone.lines.read());
            }
            self.connections.push(Connection { stream, lines: Lines::new() });
        }
    }

    /// Reads once from each connection. True when none has more for now.
    fn read_all(&mut self) -> bool {
        let mut drained = true;
        let (mut read, mut partial) = (0, 0);
        self.connections.retain_mut(|connection| match connection.fill(&mut read) {
            Read::More => {
                drained = false;
                true
            }
            Read::Drained => true,
            Read::Ended => {
                // Whole lines are taken with the next look; what is left then was cut off.
                drained = false;
                let over = connection.lines.is_searched();
                partial += u64::from(over && connection.lines.taken() < connection.lines.read());
                !over
            }
        });
        self.read += read;
        self.counts.partial += partial;
        drained
    }

    fn learn(&mut self) {
        let records = self.epochs.borrow_and_update().clone();
        if records.is_empty() {
            self.assigner = Assigner::new(Epoch(0), Vec::new());
        } else if !self.assigner.knows(&records) {
            let end = Point { key: Key::default(), offset: u64::MAX };
            self.assigner.learn(&records, &View { first: false, at: self.at(), end, content: &|_, _| None });
        }
    }

    fn take_lines(&mut self) {
        let at = self.at();
        for connection in &mut self.connections {
            loop {
                let assigned = self.assigner.assign(at, |_| Some(std::cmp::Ordering::Equal));
                match connection.lines.next() {
                    Next::NeedsMore => break,
                    _ if !is_activated(assigned.epoch) => {}
                    Next::TooLong => self.batches.pass_over(&mut self.counts),
                    Next::Line(line, _) => {
                        self.health.last_record = clock::since_boot();
                        self.batches.take(line, assigned, &mut self.counts, &mut self.health.drops);
                    }
                }
            }
        }
    }

    /// Offers the batch to the log until it is durable. At a stop once: what the log does not take then is missed.
    fn send(&mut self) {
        if self.batches.is_empty() {
            return;
        }
        while let Err(error) = self.batches.offer(&self.position(), self.assigner.records()) {
            self.tell();
            if self.shared.stops() {
                let alerts = self.batches.give_up();
                self.counts.missed += widen(alerts);
                tracing::error!(alerts, %error, "alerts that came over the socket are lost: the log does not take them");
                return;
            }
            self.wake.wait(AGAIN, &[]);
        }
    }

    fn position(&self) -> Position {
        Position { epoch: self.assigner.current(), counts: self.counts.clone(), ..Position::default() }
    }

    const fn at(&self) -> Point {
        Point { key: Key { device: 0, inode: 0, generation: 0 }, offset: self.read }
    }

    fn tell(&self) {
        let (packets, alerts) = self.health.drops.counts();
        let mut counters = self.counts.by_name();
        counters.insert("engine-packets-dropped".into(), packets);
        counters.insert("engine-alerts-dropped".into(), alerts);
        self.shared.tell(self.health.code(clock::since_boot()), counters);
    }
}

impl Connection {
    fn fill(&mut self, read: &mut u64) -> Read {
        if !self.lines.is_searched() {
            return Read::More;
        }
        match self.stream.read(self.lines.room()) {
            Ok(0) => Read::Ended,
            Ok(count) => {
                self.lines.filled(count);
                *read += widen(count);
                Read::More
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Read::Drained,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Read::More,
            Err(_) => Read::Ended,
        }
    }
}
