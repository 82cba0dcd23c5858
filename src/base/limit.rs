//! Every bound of the house, with its unit and its reason.

/// Connections at once; over it a caller is asked to come again. Each is a file of the process, and about 100 kB with a body in it.
pub const CONNECTIONS: usize = 2_048;
/// Connections that are being told so; over it they are only closed.
pub const REFUSALS: usize = 64;
/// Headers of one request; browsers and providers send about 20.
pub const HEADERS: usize = 64;
/// Bytes of a request's head; a cookie and a long address fit in.
pub const HEAD_BYTES: usize = 16 * 1024;
/// Seconds until a request must be answered, its body read with it; a webhook has less. Streams begin within it.
pub const REQUEST_S: u64 = 30;
/// Streams of events at once, of the desk and of the phone's page; each is a page that somebody has open.
pub const STREAMS: usize = 512;
/// Turns of one conversation that may wait for each other; over it callers are asked to come again.
pub const LANE_TURNS: usize = 32;
/// Steps that one event may run through before the engine calls it a fault: more than any flow has, few enough to end at once.
pub const STEPS_PER_EVENT: usize = 500;
/// Characters of one reply that are read; what is longer is kept whole, but read only so far.
pub const REPLY_READ_CHARS: usize = 2_000;
/// Event ids that a conversation remembers against repeats. Twilio repeats within 15 s, WhatsApp for 7 days: 64 is about 9 a day.
pub const SEEN_IDS: usize = 64;
/// People one address may answer for.
pub const ROSTER: usize = 20;
/// Questions back that one question of ours is answered with before they count as replies that were not understood.
pub const QUESTIONS_BACK: u8 = 3;
/// Messages in a row that brought no answer (HELP, questions back, pictures) and were answered; then the bot falls silent until one does.
pub const ASIDES_IN_A_ROW: u16 = 12;
/// Times that the same text of four words or more, or the welcome, is answered within [`LOOP_WINDOW_S`]; then a machine writes.
pub const SAME_TEXT: u8 = 8;
/// Seconds within which the same text counts as the same again.
pub const LOOP_WINDOW_S: i64 = 3_600;
/// Different texts that are counted at once.
pub const LOOP_TEXTS: usize = 4;
/// Messages of ours that are known when they come back.
pub const SENT_PRINTS: usize = 4;
/// Answers that FIX lists: the newest.
pub const FIX_ANSWERS: usize = 20;
/// Things said beside an answer that wait for the question that asks them.
pub const SAID_BESIDE: usize = 4;
/// Readings of one reply that are offered to choose from.
pub const READINGS_OFFERED: usize = 4;
/// Sessions that may wait behind the open one.
pub const WAITING_SESSIONS: usize = 8;
/// Bytes of a webhook's body; no provider sends more than a few kB, batches included.
pub const WEBHOOK_BODY_BYTES: usize = 64 * 1024;
/// Characters of a caller's own id of a person.
pub const RECORD_CHARS: usize = 200;
/// Characters of a tracer's note.
pub const NOTE_CHARS: usize = 4_000;
/// Characters of an answer that a tracer fills in.
pub const FILLED_IN_CHARS: usize = 1_000;
/// Bytes of a form or API body.
pub const FORM_BODY_BYTES: usize = 1024 * 1024;
/// Bytes of one sealed stored value.
pub const STORED_VALUE_BYTES: usize = 64 * 1024;
/// Bytes of what a conversation's sessions hold, about; a message that would make it more goes to a human. Some 300 answers with their words;
/// the rest of a stored conversation stays far below what this leaves it.
pub const SESSIONS_BYTES: usize = 40 * 1024;
/// Characters of one SMS that Twilio takes; ten segments of GSM-7.
pub const SMS_CHARS: usize = 1_600;
/// Characters of a WhatsApp text.
pub const WHATSAPP_TEXT_CHARS: usize = 4_096;
/// Characters of the body of a WhatsApp message with buttons or a list.
pub const WHATSAPP_INTERACTIVE_CHARS: usize = 1_024;
/// Bytes of one flow file.
pub const FLOW_FILE_BYTES: usize = 512 * 1024;
/// Items of one `repeat`, whatever the flow says.
pub const REPEAT_ITEMS: u16 = 50;
/// A session's life in days.
pub const SESSION_DAYS: i64 = 7;
/// Hours an open question holds back a new session.
pub const OPEN_QUESTION_HOURS: i64 = 2;
/// Hours a late answer still counts.
pub const LATE_ANSWER_HOURS: i64 = 24;
/// Days that an identity proof on an address holds.
pub const IDENTITY_DAYS: i64 = 30;
/// Tries at an identity question an hour before it locks and a human is called.
pub const IDENTITY_TRIES_PER_HOUR: u8 = 3;
/// Attempts at sending one message before it has failed for good.
pub const SEND_ATTEMPTS: u16 = 8;
/// Hours that a message may wait because the provider says "too many": as long as Twilio's own queue keeps one.
pub const THROTTLED_HOURS: i64 = 10;
/// Commits tried again on a conflict before the turn gives up with 503.
pub const COMMIT_ATTEMPTS: usize = 20;
