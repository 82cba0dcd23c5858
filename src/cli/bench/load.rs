//! Patients at N connections, and the provider that takes every reply. Raw HTTP/1.1, so that little of the machine goes into it.

use std::{
    cell::{Cell, RefCell},
    net::SocketAddr,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::LocalSet,
    time::{sleep_until, timeout},
};

use super::talk::Talks;

/// An answer that takes longer has failed.
const ANSWER: Duration = Duration::from_secs(10);
/// Bytes of one answer, or of one message to the provider, at most.
const MESSAGE_BYTES: usize = 16 * 1024;
/// Pause of a connection that was asked to come again.
const AGAIN: Duration = Duration::from_millis(50);

/// Where the load goes, and over how many connections.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub at: SocketAddr,
    pub n_connections: usize,
}

/// How fast.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// Each connection sends as soon as it has its answer.
    Full,
    /// So many a second over all connections, however slow the answers; late ones count from when they were due.
    PerSecond(f64),
    /// Everybody who has not written yet writes once.
    Begin,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// From the first to the last answer.
    pub took: Duration,
    /// µs from sending (or from when it was due) to the answer, sorted; one for each acknowledged message.
    pub latencies_us: Vec<u32>,
    /// Answers that asked to come again (503, 429).
    pub n_again: u64,
}

impl Loaded {
    pub fn n(&self) -> usize {
        self.latencies_us.len()
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of one run")]
    pub fn per_second(&self) -> f64 {
        self.n() as f64 / self.took.as_secs_f64().max(1e-9)
    }

    /// The latency that so many of a thousand stay below, in ms.
    pub fn ms(&self, per_mille: usize) -> f64 {
        below_ms(&self.latencies_us, per_mille)
    }
}

/// What so many of a thousand stay below, in ms, of sorted µs.
pub fn below_ms(sorted_us: &[u32], per_mille: usize) -> f64 {
    let nth = (sorted_us.len() * per_mille / 1_000).min(sorted_us.len().saturating_sub(1));
    sorted_us.get(nth).map_or(0.0, |us| f64::from(*us) / 1_000.0)
}

struct Run {
    talks: RefCell<Talks>,
    latencies: RefCell<Vec<u32>>,
    n_again: Cell<u64>,
    began: Instant,
    until: Instant,
    pace: Pace,
    n_connections: usize,
}

impl Load {
    /// Loads the server for a while. Each conversation belongs to one connection, so its messages keep their order.
    ///
    /// # Errors
    /// Where the server refuses a message, or does not answer.
    pub async fn run(self, talks: &mut Talks, pace: Pace, duration: Duration) -> anyhow::Result<Loaded> {
        let began = Instant::now();
        let taken = std::mem::replace(talks, Talks::new(0, ""));
        let run = Rc::new(Run {
            talks: RefCell::new(taken),
            latencies: RefCell::default(),
            n_again: Cell::new(0),
            began,
            until: began + duration,
            pace,
            n_connections: self.n_connections,
        });
        let local = LocalSet::new();
        let tasks: Vec<_> = (0..self.n_connections).map(|nth| local.spawn_local(connection(self.at, nth, run.clone()))).collect();
        let ended = local.run_until(futures_util::future::join_all(tasks)).await;
        let took = began.elapsed();
        let Ok(run) = Rc::try_unwrap(run).map_err(|_| ()) else { bail!("a connection still runs") };
        *talks = run.talks.into_inner();
        for end in ended {
            end.context("a connection ended by itself")??;
        }
        let mut latencies_us = run.latencies.into_inner();
        latencies_us.sort_unstable();
        Ok(Loaded { took, latencies_us, n_again: run.n_again.get() })
    }
}

async fn connection(at: SocketAddr, nth: usize, run: Rc<Run>) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(at).await.context("the server cannot be reached")?;
    stream.set_nodelay(true)?;
    let n = run.talks.borrow().len();
    let (mut request, mut buffer) = (String::new(), vec![0; MESSAGE_BYTES]);
    let mut conversation = nth;
    let mut n_sent = 0_u32;
    loop {
        let due = match run.pace {
            Pace::Full => Instant::now(),
            Pace::PerSecond(rate) => {
                let share = rate / f64::from(u32::try_from(run.n_connections)?);
                // Each begins at another moment of the first interval.
                let offset = f64::from(u32::try_from(nth)?) / f64::from(u32::try_from(run.n_connections)?);
                let due = run.began + Duration::from_secs_f64((f64::from(n_sent) + offset) / share.max(0.001));
                sleep_until(due.into()).await;
                due
            }
            Pace::Begin => {
                while conversation < n && run.talks.borrow().has_begun(conversation) {
                    conversation += run.n_connections;
                }
                if conversation >= n {
                    return Ok(());
                }
                Instant::now()
            }
        };
        if due >= run.until && !matches!(run.pace, Pace::Begin) {
            return Ok(());
        }
        run.talks.borrow().request(conversation, &mut request);
        let status = timeout(ANSWER, exchange(&mut stream, request.as_bytes(), &mut buffer)).await.context("no answer in time")??;
        match status {
            200 => {
                run.latencies.borrow_mut().push(u32::try_from(due.elapsed().as_micros()).unwrap_or(u32::MAX));
                run.talks.borrow_mut().acknowledged(conversation);
                conversation = if conversation + run.n_connections < n { conversation + run.n_connections } else { nth };
            }
            503 | 429 => {
                run.n_again.set(run.n_again.get() + 1);
                tokio::time::sleep(AGAIN).await;
            }
            status => bail!("the server answered a webhook with {status}"),
        }
        n_sent += 1;
    }
}

/// Sends a request and reads the whole answer; its status.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut [u8]) -> anyhow::Result<u16> {
    stream.write_all(request).await?;
    let mut n = 0;
    loop {
        let read = stream.read(buffer.get_mut(n..).unwrap_or_default()).await?;
        ensure!(read > 0, "the server hung up, or its answer is longer than {MESSAGE_BYTES} bytes");
        n += read;
        let bytes = buffer.get(..n).unwrap_or_default();
        if let Some(head) = head_end(bytes)
            && n >= head + content_length(bytes.get(..head).unwrap_or_default())
        {
            let status = bytes.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()).and_then(|digits| digits.parse().ok());
            return status.context("the server does not speak HTTP");
        }
    }
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

fn content_length(head: &[u8]) -> usize {
    let head = std::str::from_utf8(head).unwrap_or_default();
    let length = head.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
}

/// A provider that takes everything at once.
pub struct NullProvider {
    pub address: SocketAddr,
    n_taken: Arc<AtomicU64>,
}

impl NullProvider {
    /// Messages that it took.
    pub fn n_taken(&self) -> u64 {
        self.n_taken.load(Ordering::Relaxed)
    }
}

/// Starts it, in this process, on a free port.
///
/// # Errors
/// Where no port is free.
pub async fn null_provider() -> anyhow::Result<NullProvider> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (address, n_taken) = (listener.local_addr()?, Arc::new(AtomicU64::new(0)));
    let counted = n_taken.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(take_all(stream, counted.clone()));
        }
    });
    Ok(NullProvider { address, n_taken })
}

async fn take_all(mut stream: TcpStream, n_taken: Arc<AtomicU64>) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; MESSAGE_BYTES];
    let mut n = 0;
    loop {
        let read = stream.read(buffer.get_mut(n..).unwrap_or_default()).await?;
        if read == 0 {
            return Ok(());
        }
        n += read;
        let bytes = buffer.get(..n).unwrap_or_default();
        let Some(head) = head_end(bytes) else { continue };
        if n < head + content_length(bytes.get(..head).unwrap_or_default()) {
            continue;
        }
        n = 0;
        let body = format!(r#"{{"sid":"SM{:032x}","status":"queued"}}"#, n_taken.fetch_add(1, Ordering::Relaxed));
        let answer = format!("HTTP/1.1 201 Created\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        let head = head_end(answer).unwrap();
        assert_eq!((head, content_length(&answer[..head])), (answer.len() - 3, 3));
    }

    #[test]
    fn quantiles_are_of_the_sorted_latencies() {
        let loaded = Loaded { took: Duration::from_secs(2), latencies_us: (1..=1_000).collect(), n_again: 0 };
        assert!(
            (loaded.ms(500) - 0.501).abs() < 1e-9 && (loaded.ms(990) - 0.991).abs() < 1e-9 && (loaded.per_second() - 500.0).abs() < 1e-9
        );
    }
}
