//! A TCP balancer: each connection goes to the next of several loopback ports in turn, or, where nobody answers there, to
//! the one after it. Knows nothing of what it carries.

use std::{
    io,
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use anyhow::{Context, Result};

/// Runs until the program ends.
#[derive(Debug)]
pub struct Balancer {
    port: u16,
    taken: Arc<[AtomicUsize]>,
    came: Arc<Mutex<Vec<Instant>>>,
}

impl Balancer {
    /// A free loopback port that leads to these.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn start(to: &[u16]) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
        let port = listener.local_addr()?.port();
        let taken: Arc<[AtomicUsize]> = to.iter().map(|_| AtomicUsize::new(0)).collect();
        let came = Arc::<Mutex<Vec<Instant>>>::default();
        let (counted, noted, to) = (Arc::clone(&taken), Arc::clone(&came), to.to_vec());
        thread::spawn(move || {
            for (number, near) in listener.incoming().flatten().enumerate() {
                noted.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
                // Whoever finds nobody behind comes again.
                let found = (0..to.len()).map(|more| (number + more) % to.len()).find_map(|which| {
                    let far = TcpStream::connect((Ipv4Addr::LOCALHOST, to[which])).ok()?;
                    Some((which, far))
                });
                if let Some((which, far)) = found {
                    counted[which].fetch_add(1, Ordering::Relaxed);
                    let _ = carry_both(near, far);
                }
            }
        });
        Ok(Self { port, taken, came })
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// How many connections came in each second after these moments, summed over them: whether all come at once.
    #[must_use]
    pub fn arrivals(&self, after: &[Instant], seconds: usize) -> Vec<usize> {
        let came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        let mut curve = vec![0; seconds];
        for moment in after {
            for since in came.iter().filter_map(|at| at.checked_duration_since(*moment)) {
                let second = usize::try_from(since.as_secs()).unwrap_or(usize::MAX);
                if let Some(count) = curve.get_mut(second) {
                    *count += 1;
                }
            }
        }
        curve
    }

    /// How many connections each has taken.
    #[must_use]
    pub fn taken(&self) -> Vec<usize> {
        self.taken.iter().map(|count| count.load(Ordering::Relaxed)).collect()
    }
}

fn carry_both(near: TcpStream, far: TcpStream) -> io::Result<()> {
    let (back, forth) = ((far.try_clone()?, near.try_clone()?), (near, far));
    for (mut from, mut to) in [back, forth] {
        thread::spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
        });
    }
    Ok(())
}
