//! The empty engine: the same HTTP server, the same signature check and reading of the form, and in place of a turn one round trip with
//! a commit as small as a commit can be.
//!
//! On Redis: `EVALSHA` of the script below with 850 bytes of conversation, 300 of journal and 300 of outbox, about what a turn of the
//! interview keeps, under `appendfsync` as set. It compares a version and goes on whatever it finds, since nothing was read before. On SQLite: one row of 1,450 bytes through the same writer, which groups. In memory: the same without a file.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use redis::aio::ConnectionManager;
use tokio::net::TcpListener;

use crate::{
    base::{clock::Clock, limit},
    channel::{self, Happening, Hook, Inbound},
    config::{Settings, StoreUrl},
    store::Store,
};

const COMMIT: &str = "
local etag = redis.call('GETRANGE', KEYS[1], 0, 15)
if etag == ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[3], KEYS[1])
redis.call('XADD', KEYS[3], '*', 'v', ARGV[4])
redis.call('XADD', KEYS[4], '*', 'v', ARGV[5])
return 1";
/// Bytes that a turn of the interview keeps, about.
const CONVERSATION_BYTES: usize = 850;
const LINE_BYTES: usize = 300;
/// Seconds that a row of the yardstick is kept.
const KEPT_S: u64 = 3_600;

struct Empty {
    settings: Settings,
    clock: Clock,
    way: Way,
}

enum Way {
    /// With the script's hash.
    Redis(ConnectionManager, String),
    Other(Store),
}

/// Serves it.
///
/// # Errors
/// Where the store cannot be opened.
pub async fn serve(settings: Settings, listener: TcpListener) -> anyhow::Result<()> {
    let clock = Clock::machine();
    let other = |url: String, settings: &Settings| {
        let sealer = settings.seal.sealer(&clock).map_err(anyhow::Error::msg);
        let clock = clock.clone();
        async move { anyhow::Ok(Way::Other(Store::open(&url, sealer?, clock).await?.0)) }
    };
    let way = match &settings.store {
        StoreUrl::Redis(url) => {
            let client = redis::Client::open(url.reveal().as_str())?;
            let mut connection = ConnectionManager::new(client).await?;
            let hash = redis::cmd("SCRIPT").arg("LOAD").arg(COMMIT).query_async(&mut connection).await?;
            Way::Redis(connection, hash)
        }
        StoreUrl::Sqlite(file) => other(format!("sqlite:{}", file.display()), &settings).await?,
        StoreUrl::Memory => other("memory:".to_owned(), &settings).await?,
    };
    let empty = Arc::new(Empty { settings, clock, way });
    let app = Router::new().route("/in/{channel}", post(inbound)).with_state(empty);
    axum::serve(listener, app).await?;
    Ok(())
}

async fn inbound(State(empty): State<Arc<Empty>>, Path(name): Path<String>, request: Request) -> Response {
    let Some(channel) = empty.settings.channel(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let (head, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, limit::WEBHOOK_BODY_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let request = channel::Request::from_parts(head, bytes);
    let told = channel.receive(&request, &empty.settings.server.public_url, empty.clock.now(), Hook::Inbound);
    let Inbound::Happenings(happenings) = told else { return StatusCode::FORBIDDEN.into_response() };
    for happening in happenings {
        let Happening::Event { address, .. } = happening else { continue };
        if empty.keep(address.canonical().reveal()).await.is_err() {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    }
    let (head, body) = channel.acknowledgement().into_parts();
    Response::from_parts(head, Body::from(body))
}

impl Empty {
    async fn keep(&self, address: &str) -> anyhow::Result<()> {
        let mut value = vec![b'x'; CONVERSATION_BYTES + 2 * LINE_BYTES];
        for (to, from) in value.iter_mut().zip(self.clock.random::<16>()) {
            *to = from;
        }
        match &self.way {
            Way::Redis(connection, hash) => {
                // As in service: a shard of 256, everything of one conversation in it.
                let shard = address.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
                let key = |name: &str| format!("yard:{{{shard}}}:{name}");
                let (conversation, lines) = value.split_at(CONVERSATION_BYTES);
                let (journal, outbox) = lines.split_at(LINE_BYTES);
                let etag = conversation.get(..16).unwrap_or_default();
                let mut call = redis::cmd("EVALSHA");
                call.arg(hash).arg(4).arg(key(&format!("s:{address}"))).arg(key("due")).arg(key("j")).arg(key("o"));
                // The version that it makes is never there yet, so it always writes.
                call.arg(etag).arg(conversation).arg(self.clock.now().as_millisecond()).arg(journal).arg(outbox);
                let _: i64 = call.query_async(&mut connection.clone()).await?;
            }
            Way::Other(store) => store.put_small("yard", address, &value, KEPT_S).await?,
        }
        Ok(())
    }
}
