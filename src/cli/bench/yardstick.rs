//! What the service is measured beside.
//!
//! - *bare*: the same reading of HTTP, signature and form on a server without anything else, and one round trip with a commit as small as
//!   a commit can be. On Redis `EVALSHA` of the script below with 850 bytes of conversation, 300 of journal and 300 of outbox, about what
//!   a turn of the interview keeps; it compares a version and goes on whatever it finds, since nothing was read before. On SQLite one row
//!   of 1,450 bytes through the same writer, which groups. In memory the same without a file.
//! - *empty*: the service itself with [`empty_engine`] in the place of the engine: the conversation recalled or found, opened, its ring of
//!   ids moved on, sealed, and committed with a message, a wake and a line of the journal.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use jiff::{SignedDuration, Timestamp};
use redis::aio::ConnectionManager;
use tokio::net::TcpListener;

use crate::{
    base::{Language, Private, clock::Clock, limit},
    channel::{self, Happening, Hook, Inbound},
    config::{Settings, StoreUrl},
    engine::{
        Conversation, Effect, Event, Outcome, Purpose, Say, Step, World,
        effect::{Paragraph, Words},
    },
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

/// What the empty engine says, about as long as a question of the interview.
const SAYS: &str = "Which of these have you had?\n1 Fever\n2 Cough\n3 Shortness of breath\n4 Loss of taste or smell\n5 None of these\nReply \
                    with one or more numbers.";
/// When the empty engine wishes to be woken: as the interview, whose silence is noticed after four hours.
const WAKE: SignedDuration = SignedDuration::from_hours(4);

struct Yardstick {
    settings: Settings,
    clock: Clock,
    way: Way,
}

enum Way {
    /// With the script's hash.
    Script(ConnectionManager, String),
    /// Where the store knows no scripts.
    Row(Store),
}

/// An engine that says the same thing whatever it hears.
pub fn empty_engine(_: &World<'_>, before: &Conversation, event: &Event, now: Timestamp) -> Step {
    let mut conversation = before.clone();
    conversation.seen.remember(&event.id, event.at);
    conversation.n_turns += 1;
    conversation.last_inbound_at = Some(now);
    let says = Paragraph { words: Words::Plain(Private::new(SAYS.to_owned())), data: Vec::new(), brief: false };
    let say = Say { purpose: Purpose::Dialogue, language: Language::english(), paragraphs: vec![says], question: None, template: None };
    let wake_at = now.checked_add(WAKE).ok();
    Step { conversation, effects: vec![Effect::Say(say)], outcome: Outcome::Changed, trace: Vec::new(), wake_at }
}

/// Serves the bare one.
///
/// # Errors
/// Where the store cannot be opened.
pub async fn serve(settings: Settings, listener: TcpListener) -> anyhow::Result<()> {
    let clock = Clock::machine();
    let rows = |url: String| {
        let (sealer, clock) = (settings.seal.sealer(&clock).map_err(anyhow::Error::msg), clock.clone());
        async move { anyhow::Ok(Way::Row(Store::open(&url, sealer?, clock).await?.0)) }
    };
    let way = match &settings.store {
        StoreUrl::Redis(url) => {
            let client = redis::Client::open(url.reveal().as_str())?;
            let mut connection = ConnectionManager::new(client).await?;
            let hash = redis::cmd("SCRIPT").arg("LOAD").arg(COMMIT).query_async(&mut connection).await?;
            Way::Script(connection, hash)
        }
        StoreUrl::Sqlite(file) => rows(format!("sqlite:{}", file.display())).await?,
        StoreUrl::Memory => rows("memory:".to_owned()).await?,
    };
    let yardstick = Arc::new(Yardstick { settings, clock, way });
    let app = Router::new().route("/in/{channel}", post(inbound)).with_state(yardstick);
    axum::serve(listener, app).await?;
    Ok(())
}

async fn inbound(State(yardstick): State<Arc<Yardstick>>, Path(name): Path<String>, request: Request) -> Response {
    let Some(channel) = yardstick.settings.channel(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let (head, body) = request.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, limit::WEBHOOK_BODY_BYTES).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let request = channel::Request::from_parts(head, bytes);
    let told = channel.receive(&request, &yardstick.settings.server.public_url, yardstick.clock.now(), Hook::Inbound);
    let Inbound::Happenings(happenings) = told else { return StatusCode::FORBIDDEN.into_response() };
    for happening in happenings {
        let Happening::Event { address, .. } = happening else { continue };
        let kept = match &yardstick.way {
            Way::Row(store) => store.put_small("yard", address.canonical().reveal(), &yardstick.value(), KEPT_S).await.map_err(Into::into),
            Way::Script(connection, hash) => yardstick.script(connection, hash, address.canonical().reveal()).await,
        };
        if kept.is_err() {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    }
    let (head, body) = channel.acknowledgement().into_parts();
    Response::from_parts(head, Body::from(body))
}

impl Yardstick {
    /// Bytes of a bare commit: a version, and nothing behind it.
    fn value(&self) -> Vec<u8> {
        let mut value = vec![b'x'; CONVERSATION_BYTES + 2 * LINE_BYTES];
        for (to, from) in value.iter_mut().zip(self.clock.random::<16>()) {
            *to = from;
        }
        value
    }

    async fn script(&self, connection: &ConnectionManager, hash: &str, address: &str) -> anyhow::Result<()> {
        let value = self.value();
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
        Ok(())
    }
}
