//! XML: `pom.xml`, `*.csproj`, `Directory.Build.props`, ...
//!
//! Read from `quick-xml`'s events. XML is the format with the most ways to hurt: no
//! entity of a DTD is ever expanded, nothing external is fetched, depth has a limit.

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Error, Reader, XmlVersion};

use super::lines::Lines;
use super::{MAX_DEPTH, Malformed};

/// An element, the line of its start tag, and what stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The local name; a namespace prefix is cut off.
    pub name: String,
    /// 1-based: the line of the start tag.
    pub line: u32,
    /// The element's own text, trimmed, without that of its children. Comments within it
    /// are taken out: `1.<!-- sic -->2` is `1.2`.
    pub text: String,
    /// Names (local) and values in file order.
    pub attributes: Vec<(String, String)>,
    /// In file order.
    pub children: Vec<Element>,
}

impl Element {
    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of this name.
    pub fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The element behind several names, outermost first, this element's own name not
    /// included. Always takes the first child of a name.
    pub fn at(&self, path: &[&str]) -> Option<&Element> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// The text of [`Element::at`] and its line. `None` if there is no text.
    pub fn text_at(&self, path: &[&str]) -> Option<(&str, u32)> {
        let element = self.at(path)?;
        (!element.text.is_empty()).then_some((element.text.as_str(), element.line))
    }

    /// The value of the first attribute of this local name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        attributes.find_map(|(key, value)| (key == name).then_some(value.as_str()))
    }
}

/// Reads XML and returns the root element.
pub fn xml(text: &str) -> Result<Element, Malformed> {
    let mut reading = Reading { lines: Lines::new(text), open: Vec::new(), root: None };
    let mut reader = Reader::from_str(text);
    loop {
        let offset = position(reader.buffer_position());
        match reader.read_event() {
            Ok(Event::Eof) => return reading.finish(text.len()),
            Ok(event) => reading.take(event, offset)?,
            Err(error) => {
                let place = reading.lines.place(position(reader.error_position()));
                return Err(Malformed::new(place, describe(&error)));
            }
        }
    }
}

struct Reading<'a> {
    lines: Lines<'a>,
    /// The elements around the current place, outermost first.
    open: Vec<Element>,
    root: Option<Element>,
}

impl Reading<'_> {
    fn take(&mut self, event: Event<'_>, offset: usize) -> Result<(), Malformed> {
        match event {
            Event::Start(tag) => {
                let element = self.element(&tag, offset)?;
                self.open.push(element);
                Ok(())
            }
            Event::Empty(tag) => {
                let element = self.element(&tag, offset)?;
                self.close(element);
                Ok(())
            }
            Event::End(_) => {
                if let Some(element) = self.open.pop() {
                    self.close(element);
                }
                Ok(())
            }
            Event::Text(text) => self.text(&text.xml10_content(), offset),
            Event::CData(text) => self.text(&text.xml10_content(), offset),
            Event::GeneralRef(reference) => {
                let mut text = String::new();
                resolve(&reference, &mut text).ok_or_else(|| unknown_entity(self.lines.place(offset)))?;
                self.text(&text, offset)
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Eof => Ok(()),
        }
    }

    fn element(&self, tag: &BytesStart<'_>, offset: usize) -> Result<Element, Malformed> {
        let place = self.lines.place(offset);
        if self.open.is_empty() && self.root.is_some() {
            return Err(Malformed::new(place, "a second root element begins here"));
        }
        if self.open.len() > MAX_DEPTH {
            return Err(Malformed::too_deep(place, MAX_DEPTH));
        }
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute =
                attribute.map_err(|_| Malformed::new(place, "an attribute of this tag is malformed"))?;
            let value =
                (attribute.normalized_value(XmlVersion::Implicit1_0)).map_err(|_| unknown_entity(place))?;
            let name = attribute.key.local_name().into_inner().to_owned();
            attributes.push((name, value.into_owned()));
        }
        Ok(Element {
            name: tag.local_name().into_inner().to_owned(),
            line: place.0,
            text: String::new(),
            attributes,
            children: Vec::new(),
        })
    }

    fn text(&mut self, text: &str, offset: usize) -> Result<(), Malformed> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => {
                let place = self.lines.place(offset);
                return Err(Malformed::new(place, "text stands outside of the root element"));
            }
        }
        Ok(())
    }

    fn close(&mut self, mut element: Element) {
        element.text.truncate(element.text.trim_end().len());
        let indent = element.text.len() - element.text.trim_start().len();
        element.text.drain(..indent);
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn finish(self, end: usize) -> Result<Element, Malformed> {
        if let Some(element) = self.open.last() {
            let message = format!("`<{}>` of line {} is never closed", element.name, element.line);
            return Err(Malformed::new(self.lines.place(end), message));
        }
        self.root.ok_or_else(Malformed::empty)
    }
}

/// Appends what a reference stands for: a character or one of the five predefined
/// entities. Those of a DTD are not expanded: that is how a small file becomes
/// gigabytes, <https://en.wikipedia.org/wiki/Billion_laughs_attack>.
fn resolve(reference: &BytesRef<'_>, text: &mut String) -> Option<()> {
    match reference.resolve_char_ref().ok()? {
        Some(character) => text.push(character),
        None => text.push_str(resolve_predefined_entity(reference)?),
    }
    Some(())
}

fn unknown_entity(place: (u32, u32)) -> Malformed {
    Malformed::new(place, "an entity is used that XML does not define itself")
        .with_help("write its text instead: entities declared in a DTD are not expanded")
}

/// The library's message, except where it would quote text of the file.
fn describe(error: &Error) -> String {
    match error {
        Error::Syntax(error) => error.to_string(),
        Error::IllFormed(error) => error.to_string(),
        _ => "this is not well-formed XML".to_owned(),
    }
}

fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_know_their_lines() {
        let pom = xml(concat!(
            "<?xml version=\"1.0\"?>\r\n<!DOCTYPE project>\r\n<project xmlns=\"m\">\r\n",
            "  <m:properties>\r\n    <java.version>\r\n      1<!-- sic -->7\r\n    </java.version>\r\n",
            "    <empty/>\r\n    <cdata>a<![CDATA[<b>]]>&amp;&#x41;&lt;</cdata>\r\n  </m:properties>\r\n",
            "  <module>a</module>\r\n  <module path='x&amp;y' x:n=\"1\">b</module>\r\n</project>\r\n",
        ))
        .unwrap();
        assert_eq!((pom.name.as_str(), pom.line), ("project", 3));
        assert_eq!(pom.attribute("xmlns"), Some("m"));
        assert_eq!(pom.text_at(&["properties", "java.version"]), Some(("17", 5)));
        assert_eq!(pom.text_at(&["properties", "cdata"]), Some(("a<b>&A<", 9)));
        assert_eq!(pom.text_at(&["properties", "empty"]), None);
        assert_eq!(pom.at(&["properties", "empty"]).unwrap().line, 8);
        assert_eq!(pom.at(&["properties", "absent"]), None);
        let modules: Vec<_> = pom.children_named("module").collect();
        assert_eq!((modules[1].text.as_str(), modules[1].line), ("b", 12));
        assert_eq!(modules[1].attribute("path"), Some("x&y"));
        assert_eq!(modules[1].attribute("n"), Some("1"));
    }

    #[test]
    fn errors_have_a_place() {
        for (text, line, column, message) in [
            ("", 1, 1, "empty"),
            ("<!-- only this -->", 1, 1, "empty"),
            ("<a>\n  <b>\n</a>", 3, 1, "`</b>`"),
            ("<a>\n  <b>", 2, 6, "`<b>` of line 2 is never closed"),
            ("<a/>\n<b/>", 2, 1, "second root"),
            ("<a/>\nmore", 1, 5, "outside"),
            ("<a>\n<!-- x", 2, 1, "comment"),
            ("<a>\n<b", 2, 1, "tag"),
            ("<a>\n &other;</a>", 2, 2, "entity"),
            ("<a>\n<b c='&other;'/></a>", 2, 1, "entity"),
            ("<a>\n<b c='1' c='2'/></a>", 2, 1, "attribute"),
            ("</a>", 1, 1, "`</a>`"),
            ("plain text", 1, 1, "outside"),
        ] {
            let error = xml(text).expect_err(text);
            assert_eq!((error.line, error.column), (line, column), "{text}: {error}");
            assert!(error.message.contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn entities_of_a_dtd_are_not_expanded() {
        let bomb = "<!DOCTYPE a [<!ENTITY x \"lol\"><!ENTITY y \"&x;&x;&x;\">\
                    <!ENTITY z SYSTEM \"file:///etc/passwd\">]>\n";
        for reference in ["&x;", "&y;", "&z;"] {
            let error = xml(&format!("{bomb}<a>{reference}</a>")).expect_err(reference);
            assert_eq!(error.line, 2);
            assert!(error.help.is_some());
        }
        assert_eq!(xml(&format!("{bomb}<a>fine</a>")).unwrap().text, "fine");
    }

    #[test]
    fn deep_files_are_refused() {
        let nested = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert!(xml(&nested(MAX_DEPTH)).is_ok());
        let error = xml(&nested(100_000)).expect_err("deep");
        assert!(error.message.contains("levels"), "{error}");
    }
}
