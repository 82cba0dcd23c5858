//! A wire that can be held, slowed and cut: a TCP proxy on loopback.

use std::{sync::Arc, time::Duration};

use intake::base::clock::Clock;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    time::sleep,
};

use crate::support::redis::free_port;

/// What a wire does with bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They pass.
    Pass,
    /// They are kept back, and pass later.
    Hold,
    /// Each piece takes up to so many ms.
    Slow(u64),
    /// Every connection is reset, and new ones are refused.
    Cut,
}

/// Bytes taken at once.
const PIECE: usize = 64 * 1024;

/// One wire.
#[derive(Clone, Debug)]
pub struct Wire {
    port: u16,
    mode: Arc<watch::Sender<Mode>>,
}

impl Wire {
    /// A wire to a port on loopback.
    pub fn to(target: u16) -> Self {
        let (mode, watched) = watch::channel(Mode::Pass);
        let port = free_port();
        tokio::spawn(serve(port, target, watched));
        Self { port, mode: Arc::new(mode) }
    }

    /// Its near end.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whatever it does from now on.
    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

async fn serve(port: u16, target: u16, mut mode: watch::Receiver<Mode>) {
    while mode.wait_for(|mode| *mode != Mode::Cut).await.is_ok() {
        let Some(listener) = listen(port) else {
            sleep(Duration::from_millis(5)).await;
            continue;
        };
        let mut cut = mode.clone();
        loop {
            tokio::select! {
                near = listener.accept() => if let Ok((near, _)) = near {
                    tokio::spawn(carry(near, target, mode.clone()));
                },
                is_cut = cut.wait_for(|mode| *mode == Mode::Cut) => match is_cut {
                    Ok(_) => break,
                    Err(_) => return,
                },
            }
        }
    }
}

fn listen(port: u16) -> Option<TcpListener> {
    let socket = TcpSocket::new_v4().ok()?;
    socket.set_reuseaddr(true).ok()?;
    socket.bind(([127, 0, 0, 1], port).into()).ok()?;
    socket.listen(1_024).ok()
}

/// Both ways of one connection, until one end closes or the wire is cut.
async fn carry(mut near: TcpStream, target: u16, mode: watch::Receiver<Mode>) {
    let Ok(mut far) = TcpStream::connect(("127.0.0.1", target)).await else { return };
    for end in [&near, &far] {
        let _ = end.set_nodelay(true);
    }
    let mut cut = mode.clone();
    let is_cut = {
        let ((near_in, near_out), (far_in, far_out)) = (near.split(), far.split());
        tokio::select! {
            () = pump(near_in, far_out, mode.clone()) => false,
            () = pump(far_in, near_out, mode) => false,
            _ = cut.wait_for(|mode| *mode == Mode::Cut) => true,
        }
    };
    if is_cut {
        // Without waiting for what was not taken yet: a reset.
        let _ = near.set_zero_linger();
        let _ = far.set_zero_linger();
    }
}

async fn pump(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, mut mode: watch::Receiver<Mode>) {
    let dice = Clock::machine();
    let mut piece = vec![0; PIECE];
    while let Ok(n @ 1..) = from.read(&mut piece).await {
        let Ok(now) = mode.wait_for(|mode| *mode != Mode::Hold).await.map(|mode| *mode) else { return };
        if let Mode::Slow(ms) = now {
            sleep(Duration::from_millis(dice.below(ms + 1))).await;
        }
        if to.write_all(&piece[..n]).await.is_err() {
            return;
        }
    }
}
