//! The listener: connections with bounds on their number, their heads and their patience.
//!
//! Over the number of connections a caller hears 503 with `Retry-After` at once; a head that is too large is answered with 431, one that does not
//! come whole in time ends the connection, be it the first or one of a connection that is kept. Bodies are bounded where they are read.

use std::{convert::Infallible, future::pending, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::ConnectInfo};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tower::ServiceExt;

use crate::{base::limit, runtime::Stop};

/// What a listener bears.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// Connections beside each other.
    connections: usize,
    /// The first head of a connection must come whole within it.
    first_head: Duration,
    /// A connection that is kept must ask again within it. Longer than proxies keep theirs (nginx: 60 s): who closes first races the next
    /// request, and a webhook that is lost so looks to the proxy like a service that broke.
    next_head: Duration,
}

impl Bounds {
    const USUAL: Self = Self { connections: limit::CONNECTIONS, first_head: Duration::from_secs(10), next_head: Duration::from_secs(75) };
}

/// After an accept that failed: the process is out of files, and others must end first.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// For the word that there is no room.
const REFUSING: Duration = Duration::from_secs(1);
const NO_ROOM: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Serves until it is asked to stop, then finishes the requests that are under way.
pub(super) async fn until_stopped(listener: TcpListener, app: Router, stop: &Stop) {
    within(Bounds::USUAL, listener, app, stop).await;
}

async fn within(bounds: Bounds, listener: TcpListener, app: Router, stop: &Stop) {
    let room = Arc::new(Semaphore::new(bounds.connections));
    let refusals = Arc::new(Semaphore::new(limit::REFUSALS));
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.asked() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "a connection could not be accepted");
                sleep(ACCEPT_AGAIN).await;
                continue;
            }
        };
        // Small answers must not wait for each other.
        let _ = stream.set_nodelay(true);
        match room.clone().try_acquire_owned() {
            Ok(place) => {
                tokio::spawn(serve(bounds, stream, peer, app.clone(), stop.clone(), place));
            }
            Err(_) => {
                metrics::counter!("intake_connections_refused_total").increment(1);
                if let Ok(place) = refusals.clone().try_acquire_owned() {
                    tokio::spawn(refuse(stream, place));
                }
            }
        }
    }
    drop(listener);
    // Every connection gives its place back when its last request is answered.
    let _ = room.acquire_many(u32::try_from(bounds.connections).unwrap_or(u32::MAX)).await;
}

async fn serve(bounds: Bounds, stream: TcpStream, peer: SocketAddr, app: Router, stop: Stop, place: OwnedSemaphorePermit) {
    let heard = Arc::new(Notify::new());
    let first = heard.clone();
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let app = app.clone();
        first.notify_one();
        async move {
            let mut request = request.map(Body::new);
            // The address of the network throttles logins.
            request.extensions_mut().insert(ConnectInfo(peer));
            app.oneshot(request).await.map_err(|never: Infallible| never)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.next_head)
        .max_headers(limit::HEADERS)
        .max_buf_size(limit::HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // Whatever ends a connection ends nothing else.
    tokio::select! {
        ended = connection.as_mut() => drop(ended),
        () = async { if timeout(bounds.first_head, heard.notified()).await.is_ok() { pending::<()>().await } } => {}
        () = stop.asked() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
    drop(place);
}

async fn refuse(mut stream: TcpStream, place: OwnedSemaphorePermit) {
    let _ = timeout(REFUSING, async {
        let _ = stream.write_all(NO_ROOM).await;
        let _ = stream.shutdown().await;
    })
    .await;
    drop(place);
}

#[cfg(test)]
mod tests {
    use axum::http::Uri;
    use tokio::io::AsyncReadExt;

    use super::*;

    const SOON: Duration = Duration::from_millis(200);
    const LATE: Duration = Duration::from_secs(20);
    const ASK: &[u8] = b"GET / HTTP/1.1\r\nHost: intake.test\r\n\r\n";

    /// A listener that answers `/` at once and `/slow` after a moment.
    async fn listening(bounds: Bounds) -> (SocketAddr, Stop, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (at, stop) = (listener.local_addr().unwrap(), Stop::new());
        let app = Router::new().fallback(|at: Uri| async move {
            if at.path() == "/slow" {
                sleep(SOON).await;
                return "late";
            }
            "here"
        });
        let asked = stop.clone();
        let serving = tokio::spawn(async move { within(bounds, listener, app, &asked).await });
        (at, stop, serving)
    }

    async fn ask(stream: &mut TcpStream, bytes: &[u8]) -> String {
        stream.write_all(bytes).await.unwrap();
        let mut answer = [0; 4_096];
        let n = timeout(LATE, stream.read(&mut answer)).await.unwrap().unwrap_or(0);
        String::from_utf8_lossy(answer.get(..n).unwrap_or_default()).into_owned()
    }

    /// Whether the other side ends the connection without another word.
    async fn is_ended(stream: &mut TcpStream) -> bool {
        matches!(timeout(LATE, stream.read(&mut [0; 64])).await, Ok(Ok(0) | Err(_)))
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_whole_ends_its_connection_and_no_other() {
        let (at, _stop, _serving) = listening(Bounds { first_head: SOON, ..Bounds::USUAL }).await;
        let mut kept = TcpStream::connect(at).await.unwrap();
        assert!(ask(&mut kept, ASK).await.ends_with("here"));
        let (mut silent, mut slow) = (TcpStream::connect(at).await.unwrap(), TcpStream::connect(at).await.unwrap());
        slow.write_all(b"POST /in/sms HTTP/1.1\r\nHost: int").await.unwrap();
        assert!(is_ended(&mut silent).await && is_ended(&mut slow).await);
        assert!(ask(&mut kept, ASK).await.ends_with("here"), "one that has asked may think longer");
    }

    #[tokio::test]
    async fn a_kept_connection_that_asks_no_more_is_ended() {
        let (at, _stop, _serving) = listening(Bounds { next_head: SOON, ..Bounds::USUAL }).await;
        let mut kept = TcpStream::connect(at).await.unwrap();
        assert!(ask(&mut kept, ASK).await.ends_with("here"));
        assert!(is_ended(&mut kept).await);
    }

    #[tokio::test]
    async fn over_the_number_of_connections_a_caller_is_told_to_come_again() {
        let (at, _stop, _serving) = listening(Bounds { connections: 2, ..Bounds::USUAL }).await;
        let (mut first, mut second) = (TcpStream::connect(at).await.unwrap(), TcpStream::connect(at).await.unwrap());
        assert!(ask(&mut first, ASK).await.ends_with("here") && ask(&mut second, ASK).await.ends_with("here"));
        let told = ask(&mut TcpStream::connect(at).await.unwrap(), ASK).await;
        assert!(told.starts_with("HTTP/1.1 503") && told.contains("Retry-After: 2"), "{told}");
        drop(first);
        for _ in 0..100 {
            let mut third = TcpStream::connect(at).await.unwrap();
            if ask(&mut third, ASK).await.ends_with("here") {
                return;
            }
            sleep(SOON / 4).await;
        }
        panic!("a place that was given back is taken by nobody");
    }

    #[tokio::test]
    async fn what_is_under_way_is_answered_before_the_listener_ends() {
        let (at, stop, serving) = listening(Bounds::USUAL).await;
        let mut under_way = TcpStream::connect(at).await.unwrap();
        let asking = ask(&mut under_way, b"GET /slow HTTP/1.1\r\nHost: intake.test\r\n\r\n");
        let (told, ()) = tokio::join!(asking, async {
            sleep(SOON / 2).await;
            stop.ask();
        });
        assert!(told.ends_with("late"), "{told}");
        timeout(LATE, serving).await.unwrap().unwrap();
        assert!(TcpStream::connect(at).await.is_err(), "nothing listens any more");
    }
}
