//! YAML 1.2 with a few traps closed: only `true` and `false` are truth values, only JSON's numbers are numbers,
//! a date is text, merge keys are refused, aliases have a budget.

use std::{borrow::Cow, collections::HashMap};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, Tag};

use super::{Content, Diagnostic, Entry, MAX_DEPTH, Node, Pointer, Position};

/// What to do with local tags such as `!Ref`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tags {
    Keep,
    Refuse,
}

/// All that aliases may add to one document, in bytes of text plus a node's own weight.
const ALIAS_BUDGET: usize = 1024 * 1024;
const NODE_WEIGHT: usize = 16;

/// Reads one YAML document. An empty one is null.
pub(super) fn parse(text: &str, tags: Tags) -> Result<Node, Vec<Diagnostic>> {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        tags,
        anchors: HashMap::new(),
        alias_budget: ALIAS_BUDGET,
        depth: 0,
        found: Vec::new(),
    };
    match reader.document() {
        Ok(root) if reader.found.is_empty() => Ok(root),
        Ok(_) => Err(reader.found),
        Err(last) => {
            reader.found.push(last);
            Err(reader.found)
        }
    }
}

type ParsedTag<'a> = Option<Cow<'a, Tag>>;

struct Reader<'a> {
    events: Parser<'a, StrInput<'a>>,
    tags: Tags,
    /// Nodes that an alias may mean, with their weight.
    anchors: HashMap<usize, (Node, usize)>,
    alias_budget: usize,
    depth: usize,
    /// Errors that do not stop the reading.
    found: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Node, Diagnostic> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::Nothing | Event::DocumentEnd => {}
                Event::DocumentStart(_) if root.is_some() => {
                    let message = "a second document begins here; only one is read";
                    return Err(Diagnostic::error(message).at(position(span.start)));
                }
                Event::DocumentStart(_) => {
                    let (event, span) = self.next()?;
                    root = Some(self.node(event, span, &Pointer::root())?);
                }
                Event::StreamEnd => {
                    let here = position(span.start);
                    return Ok(root.unwrap_or_else(|| Node::new(Content::Null, here, here)));
                }
                _ => return Err(Diagnostic::error("unexpected content").at(position(span.start))),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Diagnostic> {
        match self.events.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(e)) => Err(Diagnostic::error(e.info()).at(position(*e.marker()))),
            None => Err(Diagnostic::error("the text ends too early")),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span, pointer: &Pointer) -> Result<Node, Diagnostic> {
        let start = position(span.start);
        let (content, anchor, tag, end) = match event {
            Event::Alias(anchor) => return self.alias(anchor, start, pointer),
            Event::Scalar(text, style, anchor, tag) => {
                let (content, tag) = self.scalar(text, style == ScalarStyle::Plain, tag, (start, pointer));
                (content, anchor, tag, span.end)
            }
            Event::SequenceStart(anchor, tag) => {
                let tag = self.container_tag(tag, "seq", start, pointer);
                let (items, end) = self.deeper(start, pointer, Self::list)?;
                (Content::List(items), anchor, tag, end)
            }
            Event::MappingStart(anchor, tag) => {
                let tag = self.container_tag(tag, "map", start, pointer);
                let (entries, end) = self.deeper(start, pointer, Self::map)?;
                (Content::Map(entries), anchor, tag, end)
            }
            _ => return Err(Diagnostic::error("expected a value").at(start).pointing(pointer.clone())),
        };
        let node = Node { content, tag, start, end: position(end) };
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), weight(&node)));
        }
        Ok(node)
    }

    fn deeper<T>(
        &mut self,
        start: Position,
        pointer: &Pointer,
        read: impl FnOnce(&mut Self, &Pointer) -> Result<T, Diagnostic>,
    ) -> Result<T, Diagnostic> {
        if self.depth == MAX_DEPTH {
            return Err(Diagnostic::error(format!("nested deeper than {MAX_DEPTH} levels")).at(start));
        }
        self.depth += 1;
        let read = read(self, pointer);
        self.depth -= 1;
        read
    }

    fn list(&mut self, pointer: &Pointer) -> Result<(Vec<Node>, Marker), Diagnostic> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok((items, span.end));
            }
            items.push(self.node(event, span, &pointer.index(items.len()))?);
        }
    }

    fn map(&mut self, pointer: &Pointer) -> Result<(Vec<Entry>, Marker), Diagnostic> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: HashMap<String, Position> = HashMap::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok((entries, span.end));
            }
            let key_start = position(span.start);
            let key = self.key(event, key_start, pointer)?;
            let at = pointer.key(&key);
            let (event, span) = self.next()?;
            let value = self.node(event, span, &at)?;
            if let Some(first) = seen.get(&key) {
                let message = format!("duplicate key `{key}`, first at {first}");
                self.found.push(Diagnostic::error(message).at(key_start).pointing(at));
            } else {
                seen.insert(key.clone(), key_start);
                entries.push(Entry { key, key_start, value });
            }
        }
    }

    fn key(&mut self, event: Event<'a>, start: Position, pointer: &Pointer) -> Result<String, Diagnostic> {
        let refuse = |message: &str| Err(Diagnostic::error(message).at(start).pointing(pointer.clone()));
        match event {
            Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<" => {
                refuse("merge keys (`<<`) are not supported, write the entries out")
            }
            Event::Scalar(text, _, 0, None) => Ok(text.into_owned()),
            Event::Scalar(..) => refuse("a key with a tag or an anchor is not supported"),
            _ => refuse("a key must be plain text, not a list, map or alias"),
        }
    }

    fn scalar(
        &mut self,
        text: Cow<'a, str>,
        plain: bool,
        tag: ParsedTag<'a>,
        (start, pointer): (Position, &Pointer),
    ) -> (Content, Option<String>) {
        let Some(tag) = tag else {
            return (if plain { resolve(&text) } else { Content::Text(text.into_owned()) }, None);
        };
        if !tag.is_yaml_core_schema() {
            return (Content::Text(text.into_owned()), self.local_tag(&tag, start, pointer));
        }
        let content = match (tag.suffix.as_str(), resolve(&text)) {
            ("str", _) => Content::Text(text.into_owned()),
            ("int" | "float", content @ Content::Number(_))
            | ("bool", content @ Content::Bool(_))
            | ("null", content @ Content::Null) => content,
            (suffix, _) => {
                self.report(format!("tag `!!{suffix}` does not fit `{text}`"), start, pointer);
                Content::Text(text.into_owned())
            }
        };
        (content, None)
    }

    fn container_tag(
        &mut self,
        tag: ParsedTag<'a>,
        own: &str,
        start: Position,
        pointer: &Pointer,
    ) -> Option<String> {
        let tag = tag?;
        if !tag.is_yaml_core_schema() {
            return self.local_tag(&tag, start, pointer);
        }
        if tag.suffix != own {
            self.report(format!("tag `!!{}` is not supported", tag.suffix), start, pointer);
        }
        None
    }

    fn local_tag(&mut self, tag: &Tag, start: Position, pointer: &Pointer) -> Option<String> {
        if tag.handle != "!" || tag.suffix.is_empty() || self.tags == Tags::Refuse {
            self.report(format!("tag `{tag}` is not supported"), start, pointer);
            return None;
        }
        Some(tag.suffix.clone())
    }

    fn alias(&mut self, anchor: usize, start: Position, pointer: &Pointer) -> Result<Node, Diagnostic> {
        let fail = |message: &str| Diagnostic::error(message).at(start).pointing(pointer.clone());
        let (node, weight) =
            self.anchors.get(&anchor).ok_or_else(|| fail("an alias must not stand inside its own anchor"))?;
        self.alias_budget = self
            .alias_budget
            .checked_sub(*weight)
            .ok_or_else(|| fail("the aliases make the document too large, write the values out"))?;
        if self.depth + depth(node) > MAX_DEPTH {
            return Err(fail("the alias nests the document too deeply"));
        }
        Ok(node.clone())
    }

    fn report(&mut self, message: String, start: Position, pointer: &Pointer) {
        self.found.push(Diagnostic::error(message).at(start).pointing(pointer.clone()));
    }
}

fn position(marker: Marker) -> Position {
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Position { line: narrow(marker.line()), column: narrow(marker.col().saturating_add(1)) }
}

/// What a plain scalar is.
fn resolve(text: &str) -> Content {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Content::Null,
        "true" | "True" | "TRUE" => Content::Bool(true),
        "false" | "False" | "FALSE" => Content::Bool(false),
        _ if text.parse::<serde_json::Number>().is_ok() => Content::Number(text.to_owned()),
        _ => Content::Text(text.to_owned()),
    }
}

fn weight(node: &Node) -> usize {
    NODE_WEIGHT
        + match &node.content {
            Content::Null | Content::Bool(_) => 0,
            Content::Number(text) | Content::Text(text) => text.len(),
            Content::List(items) => items.iter().map(weight).sum(),
            Content::Map(entries) => entries.iter().map(|e| e.key.len() + weight(&e.value)).sum(),
        }
}

fn depth(node: &Node) -> usize {
    match &node.content {
        Content::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Content::Map(entries) => 1 + entries.iter().map(|e| depth(&e.value)).max().unwrap_or(0),
        _ => 0,
    }
}
