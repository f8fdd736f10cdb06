//! From the bytes of a file to text, within limits.

use encoding_rs::{Encoding, UTF_8};

use super::Malformed;
use super::lines::Lines;

/// Manifests and other files that people write: 1 MiB. The largest `package.json` and
/// `pom.xml` in public repositories stay below 200 KiB.
pub const MANIFEST_LIMIT: u64 = 1 << 20;

/// Lock files, which tools write: 32 MiB. The lock files of the largest monorepos have
/// between 1 and 10 MiB.
pub const LOCK_FILE_LIMIT: u64 = 32 << 20;

/// Refuses a file of `size` bytes that is larger than `limit`, before it is opened.
pub fn check_size(size: u64, limit: u64) -> Result<(), Malformed> {
    if size <= limit {
        return Ok(());
    }
    let message = format!("the file has {size} bytes, more than the {limit} that are read");
    Err(Malformed::new((1, 1), message))
}

/// Turns the bytes of a file into text without a byte order mark.
///
/// A file is UTF-8 unless it says otherwise: by the byte order mark of UTF-16, or by the
/// `encoding` of an XML declaration, for which Maven and Visual Studio still write
/// ISO-8859-1 and its relatives.
pub fn decode(bytes: &[u8]) -> Result<String, Malformed> {
    let (encoding, bytes) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, &bytes[length..]),
        None => (declared(bytes).unwrap_or(UTF_8), bytes),
    };
    if encoding == UTF_8 {
        return utf8(bytes);
    }
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    text.map(Into::into).ok_or_else(|| {
        let message = format!("the file is not the {} text it says it is", encoding.name());
        Malformed::new((1, 1), message).with_help("save the file as UTF-8")
    })
}

fn utf8(bytes: &[u8]) -> Result<String, Malformed> {
    let error = match str::from_utf8(bytes) {
        Ok(text) => return Ok(text.to_owned()),
        Err(error) => error,
    };
    let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
    let place = Lines::new(&before).place(before.len());
    Err(Malformed::new(place, "the file is not UTF-8 text").with_help("save the file as UTF-8"))
}

/// The encoding of an XML declaration that could be read as ASCII. A declaration of
/// UTF-16 that is readable here is wrong; such files are UTF-8 in practice.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let declaration = bytes.strip_prefix(b"<?xml")?;
    let end = declaration.windows(2).take(200).position(|end| end == b"?>")?;
    let declaration = str::from_utf8(&declaration[..end]).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let label = value[1..].split(quote).next()?;
    Encoding::for_label(label.as_bytes()).filter(|encoding| encoding.is_ascii_compatible())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_found_in_its_encoding() {
        for (bytes, text) in [
            (&b"\xEF\xBB\xBF{}"[..], "{}"),
            (b"\xEF\xBB\xBF\xEF\xBB\xBF", "\u{feff}"),
            (b"\xFF\xFE{\0}\0", "{}"),
            (b"\xFE\xFF\0{\0}", "{}"),
            (b"\xC3\xA4", "ä"),
            (b"", ""),
            (
                b"<?xml version='1.0' encoding = \"ISO-8859-1\"?><a>\xE4</a>",
                "<?xml version='1.0' encoding = \"ISO-8859-1\"?><a>ä</a>",
            ),
            (
                b"<?xml version='1.0' encoding='utf-16'?><a>\xC3\xA4</a>",
                "<?xml version='1.0' encoding='utf-16'?><a>ä</a>",
            ),
        ] {
            assert_eq!(decode(bytes).as_deref(), Ok(text));
        }
    }

    #[test]
    fn other_bytes_are_an_error_with_a_place() {
        for (bytes, place) in [
            (&b"a\nb\xFF"[..], (2, 2)),
            (b"\xE4", (1, 1)),
            (b"\xFF\xFE\0\xD8", (1, 1)),
            (b"<?xml version='1.0'?>\n<a>\xE4</a>", (2, 4)),
        ] {
            let error = decode(bytes).unwrap_err();
            assert_eq!((error.line, error.column), place, "{bytes:?}");
        }
    }

    #[test]
    fn large_files_are_refused() {
        assert!(check_size(MANIFEST_LIMIT, MANIFEST_LIMIT).is_ok());
        assert!(check_size(MANIFEST_LIMIT + 1, MANIFEST_LIMIT).is_err());
        assert!(check_size(MANIFEST_LIMIT + 1, LOCK_FILE_LIMIT).is_ok());
    }
}
