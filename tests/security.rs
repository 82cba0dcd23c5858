//! Who may do what, and what every answer carries: the matrix of roles and routes, forms, headers, bodies, comparisons.

use std::{collections::BTreeSet, fs, path::Path};

use intake::{
    base::clock::Clock,
    records::NewUser,
    security::{password, role::Role},
};
use regex::Regex;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{
    running::{Place, Running, answered, form},
    support::redis::RedisServer,
};

const PASSWORD: &str = "seven wild horses";
const ID: &str = "00000000000000000000000000000000";

/// Roles in the order of the matrix's letters.
const ROLES: [Role; 5] = [Role::Tracer, Role::Supervisor, Role::Author, Role::Auditor, Role::Admin];

/// Routes that ask who calls, and which roles get in (`y`). What is not here is denied, or open to everybody below.
const MATRIX: [(&str, &str, &str); 19] = [
    ("POST", "/api/v1/sessions", "-y--y"),
    ("POST", "/api/v1/conversations/lookup", "yy--y"),
    ("GET", "/api/v1/conversations/{id}", "yy--y"),
    ("GET", "/api/v1/escalations", "yy-yy"),
    ("GET", "/api/v1/answers.csv", "-y--y"),
    ("GET", "/api/v1/unclear", "-yy-y"),
    ("GET", "/desk/unclear", "-yy-y"),
    ("GET", "/desk/unclear.csv", "-yy-y"),
    ("GET", "/desk", "yyyyy"), // each role its own: the queue, or a page that says there is none
    ("GET", "/desk/events", "yy-yy"),
    ("GET", "/desk/audit", "-y-yy"),
    ("GET", "/desk/answers.csv", "-y--y"),
    ("POST", "/desk/find", "yy--y"),
    ("GET", "/desk/second", "yyyyy"), // one's own
    ("POST", "/desk/second", "yyyyy"),
    ("GET", "/desk/{conversation}", "yy--y"),
    ("POST", "/desk/{conversation}", "yy--y"),
    ("POST", "/desk/{conversation}/erase", "-y--y"),
    ("DELETE", "/api/v1/conversations/{id}", "-y--y"),
];

/// Routes that anybody may call, with why.
const OPEN: [(&str, &str); 24] = [
    ("GET", "/in/{channel}"),       // the provider's challenge, by its word
    ("POST", "/in/{channel}"),      // signed
    ("GET", "/receipt/{channel}"),  // refused by the adapter
    ("POST", "/receipt/{channel}"), // signed
    ("GET", "/favicon.ico"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"), // no private value in it; a proxy keeps it inside
    ("ANY", "/api/{*rest}"),
    ("GET", "/desk/login"),
    ("POST", "/desk/login"),
    ("GET", "/desk/login/code"), // who has given their password
    ("POST", "/desk/login/code"),
    ("POST", "/desk/logout"), // one's own session
    ("GET", "/desk/static/{file}"),
    ("GET", "/phone"), // only where a browser channel is configured
    ("POST", "/phone"),
    ("GET", "/phone/phone.js"),
    ("GET", "/phone/phone.css"),
    ("GET", "/phone/{token}"),
    ("POST", "/phone/{token}"),
    ("GET", "/phone/{token}/screen"),
    ("GET", "/phone/{token}/events"),
    ("POST", "/phone/{token}/start"),
];

fn code_of(folder: &Path, all: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            code_of(&path, all);
        } else if path.extension().is_some_and(|end| end == "rs") {
            all.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

fn code() -> Vec<(String, String)> {
    let mut all = Vec::new();
    code_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    all
}

#[test]
fn every_route_stands_in_the_matrix_or_is_open_for_a_reason() {
    let method = Regex::new(r"\b(get|post|put|delete|patch|any)\(").unwrap();
    let mut declared = BTreeSet::new();
    for (_, text) in code().iter().filter(|(file, _)| file.contains("/src/web/")) {
        for found in text.split(".route(").skip(1) {
            let path = found.split('"').nth(1).unwrap();
            let end = [".layer(", ".merge(", ";", "\n}"].iter().filter_map(|end| found.find(end)).min().unwrap_or(found.len());
            for method in method.captures_iter(&found[..end]) {
                declared.insert((method[1].to_uppercase(), path.to_owned()));
            }
        }
    }
    let known: BTreeSet<(String, String)> = MATRIX
        .iter()
        .map(|(method, path, _)| (*method, *path))
        .chain(OPEN)
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect();
    assert_eq!(declared, known);
}

async fn with_all_roles(store: &str) -> (Place, Running) {
    let place = Place::new(store).await;
    let file = place.path().join("intake.toml");
    let tokens: String =
        ROLES.map(|role| format!("    {{ name = \"of-{0}\", role = \"{0}\", secret = \"{1}\" }},\n", role.word(), token(role))).concat();
    let config = fs::read_to_string(&file).unwrap().replace("tokens = [\n", &format!("tokens = [\n{tokens}"));
    fs::write(&file, config).unwrap();
    let running = place.run(&Clock::machine()).await;
    let hash = password::hash(&PASSWORD.into(), running.service.clock()).unwrap();
    for role in ROLES {
        let user = NewUser {
            login: role.word().into(),
            first_name: "Ana".into(),
            role: role.word().into(),
            password_hash: hash.to_stored().into(),
        };
        running.service.records().add_user(&user).await.unwrap();
    }
    (place, running)
}

fn token(role: Role) -> String {
    format!("a long token of a {}", role.word())
}

/// Somebody at the desk: their cookie and the token of their forms.
struct Somebody {
    cookie: String,
    csrf: String,
}

async fn logged_in(running: &Running, login: &str) -> Somebody {
    let answer = post(running, "/desk/login", &[("login", login), ("password", PASSWORD)]).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{login}");
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let (_, page) = answered(running.client.get(format!("{}/desk", running.url)).header("cookie", &cookie)).await;
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    Somebody { cookie, csrf }
}

fn post(running: &Running, path: &str, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let request = running.client.post(format!("{}{path}", running.url));
    request.header("content-type", "application/x-www-form-urlencoded").body(form(fields))
}

async fn conversation(running: &Running) -> String {
    running.text("SM1", "+15550100001", "hi").await;
    let id = running.service.store().resolve(&crate::running::sms("+15550100001")).await.unwrap();
    running.recorded(async |service| service.records().standing(&id).await.unwrap().is_some()).await;
    id.0
}

#[tokio::test]
async fn each_role_gets_where_the_matrix_says_and_nowhere_else() {
    let (_place, running) = with_all_roles("memory:").await;
    let id = conversation(&running).await;
    for (nth, role) in ROLES.into_iter().enumerate() {
        let somebody = logged_in(&running, role.word()).await;
        for (method, path, row) in MATRIX {
            let may = row.as_bytes()[nth] == b'y';
            let at = path.replace("{id}", &id).replace("{conversation}", &id);
            let url = format!("{}{at}", running.url);
            let request = match (method, path.starts_with("/api/")) {
                ("GET", true) => running.client.get(url).header("authorization", format!("Bearer {}", token(role))),
                (_, true) => {
                    let address = json!({ "channel": "sms", "to": "+15550100001" });
                    let body = if path.ends_with("lookup") {
                        json!({ "address": address })
                    } else {
                        json!({ "flow": "hello", "address": address })
                    };
                    let method = Method::from_bytes(method.as_bytes()).unwrap();
                    let request = running.client.request(method, url).header("authorization", format!("Bearer {}", token(role)));
                    request.body(body.to_string())
                }
                ("GET", false) => running.client.get(url).header("cookie", &somebody.cookie),
                (_, false) => {
                    let fields = [("csrf", somebody.csrf.as_str()), ("do", "note"), ("act", &format!("act_{nth}")), ("text", "called")];
                    let find = [("csrf", somebody.csrf.as_str()), ("channel", "sms"), ("to", "+15550100001")];
                    post(&running, &at, if path.ends_with("find") { &find } else { &fields }).header("cookie", &somebody.cookie)
                }
            };
            let status = request.send().await.unwrap().status();
            let got_in = status != StatusCode::FORBIDDEN && status != StatusCode::UNAUTHORIZED;
            assert_eq!(got_in, may, "{} {method} {path}: {status}", role.word());
            assert!(!status.is_server_error(), "{} {method} {path}: {status}", role.word());
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn without_a_token_or_a_session_nothing_of_the_matrix_is_shown_or_done() {
    let (_place, running) = with_all_roles("memory:").await;
    let id = conversation(&running).await;
    let before = running.service.records().audit_rows(None, None, 100).await.unwrap().len();
    for (method, path, _) in MATRIX {
        let url = format!("{}{}", running.url, path.replace("{id}", &id).replace("{conversation}", &id));
        for (name, value) in [("x-nothing", "x"), ("authorization", "Bearer guessed"), ("cookie", "__Host-intake=guessed; intake=guessed")]
        {
            let request = running.client.request(Method::from_bytes(method.as_bytes()).unwrap(), &url).header(name, value);
            let request = request.header("content-type", "application/x-www-form-urlencoded").body("csrf=guessed&do=note&text=x&act=act_1");
            let answer = request.send().await.unwrap();
            let (status, place) = (answer.status(), answer.headers().get("location").map(|place| place.to_str().unwrap().to_owned()));
            let refused = status == StatusCode::UNAUTHORIZED
                || (status == StatusCode::SEE_OTHER && place.as_deref().is_some_and(|place| place.starts_with("/desk/login")));
            assert!(refused, "{method} {path} with {name}: {status} {place:?}");
        }
    }
    let after = running.service.records().audit_rows(None, None, 100).await.unwrap().len();
    assert_eq!(before, after, "strangers leave no trace in the audit");
    running.stop().await;
}

#[tokio::test]
async fn no_form_is_done_that_came_from_elsewhere() {
    let (_place, running) = with_all_roles("memory:").await;
    let id = conversation(&running).await;
    let admin = logged_in(&running, "admin").await;
    let other = logged_in(&running, "tracer").await;
    for path in [format!("/desk/{id}"), "/desk/find".to_owned(), "/desk/logout".to_owned()] {
        let fields = |csrf: &str| {
            form(&[("csrf", csrf), ("do", "note"), ("act", "act_1"), ("text", "x"), ("channel", "sms"), ("to", "+15550100001")])
        };
        for (what, csrf, header) in [
            ("no token", "", ("x-nothing", "x")),
            ("another session's token", other.csrf.as_str(), ("x-nothing", "x")),
            ("another site", admin.csrf.as_str(), ("origin", "https://evil.example")),
            ("another site of ours", admin.csrf.as_str(), ("sec-fetch-site", "same-site")),
            ("a page without an origin", admin.csrf.as_str(), ("origin", "null")),
        ] {
            let request = post(&running, &path, &[]).header("cookie", &admin.cookie).header(header.0, header.1).body(fields(csrf));
            assert_eq!(request.send().await.unwrap().status(), StatusCode::FORBIDDEN, "{path}: {what}");
        }
    }
    let elsewhere = post(&running, "/desk/login", &[("login", "admin"), ("password", PASSWORD)]).header("origin", "https://evil.example");
    assert_eq!(elsewhere.send().await.unwrap().status(), StatusCode::FORBIDDEN, "a login from another site");
    let still = running.client.get(format!("{}/desk", running.url)).header("cookie", &admin.cookie).send().await.unwrap();
    assert_eq!(still.status(), StatusCode::OK, "nobody was logged out");
    running.stop().await;
}

#[tokio::test]
async fn every_page_and_every_refusal_carries_the_security_headers() {
    let (_place, running) = with_all_roles("memory:").await;
    let id = conversation(&running).await;
    let admin = logged_in(&running, "admin").await;
    let unknown = format!("/desk/{ID}");
    let page = format!("/desk/{id}");
    let inside = ["/desk", page.as_str(), &unknown, "/desk/audit", "/desk/answers.csv", "/desk/static/desk.js", "/desk/nowhere/else"];
    let outside =
        ["/", "/desk", "/desk/login", "/phone", "/phone/guessed", "/nowhere", "/healthz", "/readyz", "/metrics", "/in/sms", "/in/nowhere"];
    let api = ["/api/v1/escalations", "/api/v1/nowhere", "/api"];
    let all = inside.iter().map(|path| (*path, admin.cookie.as_str())).chain(outside.iter().chain(&api).map(|path| (*path, "none=x")));
    let inline = Regex::new(r#"<script>|<script [^>]*>[^<]|<style| style="| on[a-z]+="|javascript:"#).unwrap();
    let outside = Regex::new(r#"(?:src|href|action)="(?:https?:)?//"#).unwrap();
    for (path, cookie) in all {
        let answer = running.client.get(format!("{}{path}", running.url)).header("cookie", cookie).send().await.unwrap();
        let headers = answer.headers().clone();
        let header = |name: &str| headers.get(name).unwrap_or_else(|| panic!("{path} has no {name}")).to_str().unwrap();
        let policy = header("content-security-policy");
        for part in ["default-src 'none'", "script-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{path}: {policy}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert_eq!(header("strict-transport-security"), "max-age=31536000", "{path}");
        assert!(["no-referrer", "same-origin"].contains(&header("referrer-policy")), "{path}");
        assert!(headers.get("server").is_none() && headers.get("x-powered-by").is_none(), "{path}");
        assert!(headers.get("access-control-allow-origin").is_none(), "{path}: no other site may read");
        if !path.contains("static") && !path.ends_with(".js") {
            assert_eq!(header("cache-control"), "no-store", "{path}");
        }
        let html = headers.get("content-type").is_some_and(|kind| kind.to_str().unwrap().starts_with("text/html"));
        let body = answer.text().await.unwrap();
        if html {
            let found = inline.find(&body).or_else(|| outside.find(&body)).map(|found| found.as_str().to_owned());
            assert_eq!(found, None, "{path} has something inline, or from elsewhere");
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn bodies_over_their_limit_are_refused_everywhere() {
    let (_place, running) = with_all_roles("memory:").await;
    let id = conversation(&running).await;
    let admin = logged_in(&running, "admin").await;
    let (webhook, large) = ("x".repeat(64 * 1024 + 1), format!("text={}", "x".repeat(1024 * 1024)));
    let larger = format!("text={}", "x".repeat(2 * 1024 * 1024)); // of the demo's phone, axum's own limit
    let desk = format!("/desk/{id}");
    for (path, body) in [
        ("/in/sms", &webhook),
        ("/in/wa", &webhook),
        ("/in/phone", &webhook),
        ("/receipt/sms", &webhook),
        ("/api/v1/sessions", &large),
        ("/api/v1/conversations/lookup", &large),
        ("/desk/login", &large),
        ("/desk/logout", &large),
        ("/desk/find", &large),
        (desk.as_str(), &large),
        ("/phone", &larger),
    ] {
        let request =
            post(&running, path, &[]).header("cookie", &admin.cookie).header("authorization", format!("Bearer {}", token(Role::Admin)));
        let answer = request.body(body.clone()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        // Nobody sends the next request into the rest of this one.
        assert_eq!(answer.headers().get("connection").map(reqwest::header::HeaderValue::as_bytes), Some(&b"close"[..]), "{path}");
    }
    running.stop().await;
}

#[tokio::test]
async fn logins_are_throttled_over_all_nodes_and_sessions_end_on_all() {
    let redis = RedisServer::start();
    let (place, one) = with_all_roles(&redis.url()).await;
    let other = place.run_without_loops(&Clock::machine()).await;
    let admin = logged_in(&one, "admin").await;
    let shown = async |node: &Running| {
        let page = node.client.get(format!("{}/desk", node.url)).header("cookie", &admin.cookie);
        page.send().await.unwrap().status() == StatusCode::OK
    };
    assert!(shown(&other).await, "a session holds on every node");
    let out = post(&one, "/desk/logout", &[("csrf", &admin.csrf)]).header("cookie", &admin.cookie).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::SEE_OTHER);
    assert!(!shown(&other).await, "and ends on every node");
    let mut statuses = Vec::new();
    for nth in 0..11 {
        let node = if nth % 2 == 0 { &one } else { &other };
        let tried = post(node, "/desk/login", &[("login", "tracer"), ("password", "not the one")]).send().await.unwrap();
        statuses.push(tried.status().as_u16());
    }
    assert_eq!((&statuses[..10], statuses[10]), (&[401; 10][..], 429));
    one.stop().await;
}

#[tokio::test]
async fn a_cookie_binds_to_this_host_and_to_https() {
    let (_place, running) = with_all_roles("memory:").await;
    let answer = post(&running, "/desk/login", &[("login", "admin"), ("password", PASSWORD)]).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    let (name, value) = pair.split_once('=').unwrap();
    assert_eq!(name, "__Host-intake");
    assert_eq!(value.len(), 43, "256 bits");
    let attributes: BTreeSet<&str> = attributes.split("; ").collect();
    assert_eq!(attributes, BTreeSet::from(["Path=/", "Max-Age=43200", "HttpOnly", "SameSite=Lax", "Secure"]));
    running.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn files_with_keys_and_records_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let redis = RedisServer::start();
    for store in ["sqlite:live.db".to_owned(), redis.url()] {
        let place = Place::new(&store).await;
        fs::remove_file(place.path().join("intake.key")).unwrap();
        intake::config::seal::write_new(&place.path().join("intake.key"), &intake::security::Sealer::generate(&Clock::machine())).unwrap();
        let running = place.run(&Clock::machine()).await;
        conversation(&running).await;
        let files = fs::read_dir(place.path()).unwrap().map(Result::unwrap).filter(|entry| {
            let name = entry.file_name().into_string().unwrap();
            name.contains(".db") || name.ends_with(".key")
        });
        let mut n = 0;
        for file in files {
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{store}: {:?} has the rights {mode:o}", file.file_name());
            n += 1;
        }
        assert!(n >= 3, "{store}: {n} files");
        running.stop().await;
    }
}

/// Lines that compare with `==` what must be compared in constant time. `subtle` does that; a hash of a token is
/// compared by `TokenHash`, whose equality is.
#[test]
fn secrets_are_compared_in_constant_time_only() {
    let compared = Regex::new(r"(==|!=)").unwrap();
    let revealing = Regex::new(r"(?i)(token|secret|password|csrf)").unwrap();
    let secret = Regex::new(r"(?i)\b\w*(secret|csrf|password|signature|auth_token|verify_token|access_token)\w*(\.reveal\(\)|\.as_bytes\(\)|\.as_str\(\))*\s*(==|!=)|(==|!=)\s*[&*]?\w*\.?(secret|csrf|password|signature|auth_token|verify_token|access_token)").unwrap();
    let mut wrong = Vec::new();
    for (file, text) in code() {
        let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
        for (nth, line) in text.lines().enumerate().filter(|(_, line)| compared.is_match(line) && !line.trim_start().starts_with("//")) {
            let mentions = line.split("//").next().unwrap();
            let revealed = mentions.contains(".reveal()") && revealing.is_match(mentions);
            if secret.is_match(mentions) || revealed {
                wrong.push(format!("{file}:{}: {}", nth + 1, line.trim()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    for line in ["if given.secret == known.secret {", "password.reveal() == typed", "signature != expected"] {
        assert!(secret.is_match(line) || line.contains(".reveal()"), "this would not be found: {line}");
    }
    let ours = code();
    let text = |part: &str| &ours.iter().find(|(file, _)| file.ends_with(part)).unwrap().1;
    for part in ["security/token.rs", "security/signature.rs", "web/desk/signed.rs"] {
        assert!(text(part).contains("ct_eq"), "{part}");
    }
}

#[tokio::test]
async fn the_rights_of_the_documented_redis_user_suffice() {
    let redis = RedisServer::start();
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/security.md")).unwrap();
    let rights = document.split("```text\nuser intake ").nth(1).unwrap().split("```").next().unwrap();
    let mut admin = redis::Client::open(redis.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let mut setting = redis::cmd("ACL");
    setting.arg("SETUSER").arg("intake").arg(rights.split_whitespace().collect::<Vec<_>>());
    let _: String = setting.query_async(&mut admin).await.unwrap();
    let (place, running) = with_all_roles(&redis.url().replace("redis://", "redis://intake:PASSWORD@")).await;
    let id = conversation(&running).await;
    let somebody = logged_in(&running, "tracer").await;
    running.text("SM2", "+15550100001", "cant breathe").await;
    place.provider.taken_with("911").await;
    let taken = place.provider.taken(1).await;
    let path = format!("/receipt/sms?m={}", taken[0].token);
    let delivered = form(&[("MessageSid", "SM9"), ("MessageStatus", "delivered")]);
    assert_eq!(running.twilio(&path, &delivered, crate::running::TWILIO_TOKEN).await.0, StatusCode::OK);
    running.recorded(async |service| service.records().queue_oldest().await.unwrap()[2].is_some()).await;
    let page = running.client.get(format!("{}/desk/{id}", running.url)).header("cookie", &somebody.cookie).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    running.metric("intake_outbox_depth").await;
    running.service.store().reseal().await.unwrap();
    running.service.store().let_go(running.service.node()).await.unwrap();
    let store = running.service.store().clone();
    store.fault("sms", "a test", Clock::machine().now()).await.unwrap();
    let refused: Vec<String> = redis::cmd("ACL")
        .arg("LOG")
        .query_async::<Vec<redis::Value>>(&mut admin)
        .await
        .unwrap()
        .iter()
        .map(|entry| format!("{entry:?}"))
        .collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    running.stop().await;
}

#[test]
fn every_test_that_the_requirements_name_is_there() {
    let mut all = code();
    code_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"), &mut all);
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/security.md")).unwrap();
    let named = Regex::new(r"`([a-z0-9_]{20,})`").unwrap();
    let mut n_named = 0;
    for name in named.captures_iter(&document).map(|found| found[1].to_owned()) {
        let there = all.iter().any(|(_, text)| text.contains(&format!("fn {name}(")) || text.contains(&format!(" {name},")));
        assert!(there, "there is no test `{name}`");
        n_named += 1;
    }
    assert!(n_named > 40, "{n_named}");
    let rows: Vec<&str> = document.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit()).collect();
    assert_eq!(rows.len(), 25);
    for row in rows {
        let state = row.split('|').nth(3).unwrap().trim();
        assert!(["held", "partly", "not yet"].contains(&state), "{row}");
    }
}
