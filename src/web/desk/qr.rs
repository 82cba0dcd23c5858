//! A text as a square that phones read: the path of an SVG, drawn in the page itself, so that nothing secret is fetched by an address.

use qrcodegen::{QrCode, QrCodeEcc};
use serde::Serialize;

/// Light modules around the square, which readers need.
const MARGIN: i32 = 4;

/// A square of modules.
#[derive(Debug, Serialize)]
pub(super) struct Square {
    /// Modules along a side, with the margin.
    size: i32,
    /// Its dark modules, each of side 1: `M4 4h1v1h-1z…`.
    path: String,
}

/// The square of a text; `None` where it is too long for one.
pub(super) fn square(text: &str) -> Option<Square> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let side = 0..code.size();
    let dark = side.clone().flat_map(|y| side.clone().map(move |x| (x, y))).filter(|(x, y)| code.get_module(*x, *y));
    let path = dark.map(|(x, y)| format!("M{} {}h1v1h-1z", x + MARGIN, y + MARGIN)).collect();
    Some(Square { size: code.size() + 2 * MARGIN, path })
}

#[cfg(test)]
mod tests {
    use super::square;

    #[test]
    fn a_square_has_its_three_corners() {
        let made = square("otpauth://totp/a:b?secret=GEZDGNBV").unwrap();
        let last = made.size - 5; // of the code, within the margin
        for corner in ["M4 4h".to_owned(), format!("M{last} 4h"), format!("M4 {last}h")] {
            assert!(made.path.contains(&corner), "{corner}");
        }
        assert!(square(&"x".repeat(5_000)).is_none());
    }
}
