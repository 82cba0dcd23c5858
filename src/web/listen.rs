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

/// The first head of a connection must come whole within it.
const FIRST_HEAD: Duration = Duration::from_secs(10);
/// A connection that is kept must ask again within it. Longer than proxies keep theirs (nginx: 60 s): who closes first races the next
/// request, and a webhook that is lost so looks to the proxy like a service that broke.
const NEXT_HEAD: Duration = Duration::from_secs(75);
/// After an accept that failed: the process is out of files, and others must end first.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// For the word that there is no room.
const REFUSING: Duration = Duration::from_secs(1);
const NO_ROOM: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Serves until it is asked to stop, then finishes the requests that are under way.
pub(super) async fn until_stopped(listener: TcpListener, app: Router, stop: &Stop) {
    let room = Arc::new(Semaphore::new(limit::CONNECTIONS));
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
                tokio::spawn(serve(stream, peer, app.clone(), stop.clone(), place));
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
    let _ = room.acquire_many(u32::try_from(limit::CONNECTIONS).unwrap_or(u32::MAX)).await;
}

async fn serve(stream: TcpStream, peer: SocketAddr, app: Router, stop: Stop, place: OwnedSemaphorePermit) {
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
        .header_read_timeout(NEXT_HEAD)
        .max_headers(limit::HEADERS)
        .max_buf_size(limit::HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // Whatever ends a connection ends nothing else.
    tokio::select! {
        ended = connection.as_mut() => drop(ended),
        () = async { if timeout(FIRST_HEAD, heard.notified()).await.is_ok() { pending::<()>().await } } => {}
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
