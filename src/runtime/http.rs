//! The one HTTP client: performs requests that channels have encoded.

use std::{
    error::Error,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Once},
    time::Duration,
};

use bytes::{Bytes, BytesMut};

use crate::channel::{Request, Response, Transport};

const CONNECT: Duration = Duration::from_secs(3);
/// Providers answer within 2 s; what takes longer is treated as "perhaps taken".
const WHOLE: Duration = Duration::from_secs(10);
/// Bytes of a provider's answer that are read: an id, an error, or a page of a list.
const ANSWER_BYTES: usize = 2 * 1024 * 1024;
const AGENT: &str = concat!("intake/", env!("CARGO_PKG_VERSION"));

/// A client with its pool of connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Http(Way);

#[derive(Clone)]
enum Way {
    Wire(reqwest::Client),
    Played(Arc<dyn Played>),
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wire(_) => "Wire",
            Self::Played(_) => "Played",
        })
    }
}

/// Providers played by a simulation, without a network.
pub trait Played: Send + Sync {
    /// Performs one request, as [`Http::perform`] does.
    fn perform(&self, request: Request) -> Pin<Box<dyn Future<Output = Result<Response, Transport>> + Send + '_>>;
}

impl Http {
    /// A client that follows no redirects: credentials go nowhere else.
    ///
    /// # Errors
    /// Where the machine's certificates cannot be read.
    pub fn new() -> Result<Self, String> {
        install_ring();
        let client = reqwest::Client::builder()
            .user_agent(AGENT)
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(Duration::from_secs(30))
            .tcp_nodelay(true)
            .build();
        client.map(|client| Self(Way::Wire(client))).map_err(|error| format!("no HTTP client: {}", root(&error)))
    }

    /// A client whose requests leave no process.
    pub fn played(providers: Arc<dyn Played>) -> Self {
        Self(Way::Played(providers))
    }

    /// Performs one request.
    ///
    /// # Errors
    /// [`Transport::NotSent`] where no connection was made, [`Transport::NoAnswer`] where the answer did not come whole.
    pub async fn perform(&self, request: Request) -> Result<Response, Transport> {
        let client = match &self.0 {
            Way::Wire(client) => client,
            Way::Played(providers) => return providers.perform(request).await,
        };
        let request = reqwest::Request::try_from(request).map_err(|_| Transport::NotSent)?;
        let mut answer = client.execute(request).await.map_err(|error| {
            tracing::warn!(kind = if error.is_connect() { "connect" } else { "answer" }, timeout = error.is_timeout(), "a request failed");
            if error.is_connect() || error.is_builder() { Transport::NotSent } else { Transport::NoAnswer }
        })?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(|_| Transport::NoAnswer)? {
            if body.len() + chunk.len() > ANSWER_BYTES {
                break;
            }
            body.extend_from_slice(&chunk);
        }
        *response.body_mut() = body.freeze();
        Ok(response)
    }
}

/// Makes ring the cryptography of TLS, once in the process.
pub fn install_ring() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error says that one is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

fn root(error: &dyn Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
