//! The data files that are part of the program.

/// One line a language: its primary tag, what is heard in any state, and its other data.
pub(super) static FILES: &[(&str, &str, &str)] = &[
    ("en", include_str!("heard/en.toml"), concat!(include_str!("en.toml"), include_str!("concept/en.toml"))),
    ("es", include_str!("heard/es.toml"), concat!(include_str!("es.toml"), include_str!("concept/es.toml"))),
    ("fr", include_str!("heard/fr.toml"), concat!(include_str!("fr.toml"), include_str!("concept/fr.toml"))),
    ("pt", include_str!("heard/pt.toml"), concat!(include_str!("pt.toml"), include_str!("concept/pt.toml"))),
    ("ar", include_str!("heard/ar.toml"), concat!(include_str!("ar.toml"), include_str!("concept/ar.toml"))),
    ("zh", include_str!("heard/zh.toml"), concat!(include_str!("zh.toml"), include_str!("concept/zh.toml"))),
    ("hi", include_str!("heard/hi.toml"), concat!(include_str!("hi.toml"), include_str!("concept/hi.toml"))),
];

/// Names of languages as each calls itself, and the words that ask for one: in every language's words.
pub(super) const ANY: &str = include_str!("heard/any.toml");
