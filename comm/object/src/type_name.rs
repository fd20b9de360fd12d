//! Whether the type that was sent and the type that is asked for are encoded alike, told by their names.
//!
//! The names are those of [`std::any::type_name`], which programs built from the same sources by the same compiler
//! agree on. Most messages are received as the very type that was sent, and then the names are equal byte for byte.
//! Otherwise both are brought into a normal form in which borrowed and owned data have one name.

use crate::header::cut;

/// Whether a value sent as `sent` may be received as `expected`.
pub(crate) fn same(sent: &[u8], expected: &str) -> bool {
    if sent == cut(expected) {
        return true;
    }
    let Ok(sent) = str::from_utf8(sent) else { return false };
    match (normal(sent), normal(expected)) {
        (Some(sent), Some(expected)) => sent == expected,
        _ => false,
    }
}

/// The name with every reference and smart pointer taken off, `Vec<T>` as `[T]`, `String` as `str`, and so on; `None`
/// when the name cannot be read.
fn normal(name: &str) -> Option<String> {
    let mut reader = Reader { rest: name, depth: 0 };
    let normal = reader.name()?;
    reader.rest.is_empty().then_some(normal)
}

/// Types of the standard library that are encoded like their only parameter.
const TRANSPARENT: [&str; 4] =
    ["alloc::boxed::Box", "alloc::rc::Rc", "alloc::sync::Arc", "alloc::borrow::Cow"];

/// Types that are encoded like another one, which they own.
const OWNED: [(&str, &str); 5] = [
    ("alloc::string::String", "str"),
    ("std::path::PathBuf", "std::path::Path"),
    ("alloc::ffi::c_str::CString", "core::ffi::c_str::CStr"),
    ("serde_bytes::bytebuf::ByteBuf", "[u8]"),
    ("serde_bytes::bytes::Bytes", "[u8]"),
];

/// Deeper names are not brought into normal form; a peer's name must not exhaust the stack.
const MAX_DEPTH: u32 = 64;

/// Reads a name from left to right.
struct Reader<'a> {
    rest: &'a str,
    depth: u32,
}

impl Reader<'_> {
    /// The normal form of the type at the front.
    fn name(&mut self) -> Option<String> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let normal = if self.eat("&") {
            self.lifetime();
            self.eat("mut ");
            self.name()?
        } else if self.eat("[") {
            self.array()?
        } else if self.eat("(") {
            format!("({})", self.list(")")?.join(", "))
        } else {
            self.path()?
        };
        self.depth -= 1;
        Some(normal)
    }

    /// `T]` or `T; N]`. An array is encoded without a length, so it is not the same as a slice.
    fn array(&mut self) -> Option<String> {
        let element = self.name()?;
        if self.eat("]") {
            return Some(format!("[{element}]"));
        }
        let end = self.rest.find(']')?;
        let (count, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        Some(format!("[{element}{count}]"))
    }

    /// A path and what it is applied to: `std::collections::hash::map::HashMap<K, V>`.
    fn path(&mut self) -> Option<String> {
        let end = self
            .rest
            .find(['<', '>', '(', ')', '[', ']', ',', ';', '&', '\'', '"'])
            .unwrap_or(self.rest.len());
        let (path, rest) = self.rest.split_at(end);
        if path.is_empty() {
            return None;
        }
        self.rest = rest;
        if !self.eat("<") {
            let owned = OWNED.iter().find(|(owner, _)| *owner == path);
            return Some(owned.map_or(path, |(_, alike)| alike).into());
        }
        let mut parameters = self.list(">")?;
        if parameters.len() == 1 && TRANSPARENT.contains(&path) {
            return parameters.pop();
        }
        if parameters.len() == 1 && path == "alloc::vec::Vec" {
            return Some(format!("[{}]", parameters[0]));
        }
        let mut normal = format!("{path}<{}>", parameters.join(", "));
        // Types that are declared inside generic functions have more path behind their parameters.
        if self.rest.starts_with("::") {
            normal += &self.path()?;
        }
        Some(normal)
    }

    /// Types between commas up to a closing bracket, without lifetimes.
    fn list(&mut self, close: &str) -> Option<Vec<String>> {
        let mut list = Vec::new();
        loop {
            if self.eat(close) {
                return Some(list);
            }
            if !self.lifetime() {
                list.push(self.name()?);
            }
            if !self.eat(", ") && !self.eat(",") && !self.rest.starts_with(close) {
                return None;
            }
        }
    }

    /// Skips a lifetime, if one stands here.
    fn lifetime(&mut self) -> bool {
        let Some(after) = self.rest.strip_prefix('\'') else { return false };
        let end = after.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(after.len());
        self.rest = after[end..].trim_start_matches(' ');
        true
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::any::type_name;
    use std::borrow::Cow;
    use std::collections::{BTreeMap, HashMap};
    use std::rc::Rc;
    use std::sync::Arc;

    use super::*;

    fn alike<S: ?Sized, R: ?Sized>() -> bool {
        let (sent, expected) = (type_name::<S>(), type_name::<R>());
        assert!(same(sent.as_bytes(), sent) && same(expected.as_bytes(), expected));
        assert_eq!(same(sent.as_bytes(), expected), same(expected.as_bytes(), sent));
        same(sent.as_bytes(), expected)
    }

    struct Mine<T>(std::marker::PhantomData<T>);

    #[test]
    fn borrowed_and_owned_forms_are_one() {
        assert!(alike::<&str, String>() && alike::<str, String>() && alike::<&&mut str, Box<str>>());
        assert!(
            alike::<&[f64], Vec<f64>>() && alike::<[f64], Box<[f64]>>() && alike::<Arc<[f64]>, Vec<f64>>()
        );
        assert!(alike::<Cow<'static, str>, String>() && alike::<Rc<Mine<&str>>, Mine<String>>());
        assert!(alike::<HashMap<&str, &[(Cow<'static, str>, u8)]>, HashMap<String, Vec<(String, u8)>>>());
        assert!(alike::<[&str; 3], [String; 3]>() && alike::<Option<&()>, Option<()>>());
        assert!(alike::<&std::path::Path, std::path::PathBuf>() && alike::<&serde_bytes::Bytes, Vec<u8>>());
        assert!(alike::<(&i32,), (Box<i32>,)>());
    }

    #[test]
    fn what_is_encoded_differently_is_not() {
        assert!(!alike::<[i32; 3], Vec<i32>>() && !alike::<[i32; 3], [i32; 4]>() && !alike::<i32, u32>());
        assert!(!alike::<(i32,), i32>() && !alike::<Option<i32>, i32>() && !alike::<Mine<i32>, i32>());
        assert!(!alike::<HashMap<i32, i32>, BTreeMap<i32, i32>>() && !alike::<Vec<i32>, Vec<i64>>());
        assert!(!alike::<Vec<Vec<u8>>, Vec<u8>>() && !alike::<String, Vec<u8>>() && !alike::<(), (i32,)>());
    }

    #[test]
    fn names_that_cannot_be_read_match_only_themselves() {
        for name in [
            "",
            "&",
            "[",
            "[i32",
            "(i32",
            "Vec<",
            "alloc::vec::Vec<i32",
            "<",
            ">",
            "i32>",
            "&'",
            "a,b",
            "\u{e9}[",
        ] {
            assert!(normal(name).is_none(), "{name}");
            assert!(same(name.as_bytes(), name) && !same(name.as_bytes(), "i32"));
        }
        let deep = "&".repeat(60_000);
        assert!(!same(deep.as_bytes(), "i32"));
        assert!(!same(&[0xff, 0xfe], "i32"));
    }
}
