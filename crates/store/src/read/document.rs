//! Reading documents.

use rusqlite::{Connection, OptionalExtension, Row, params_from_iter, types::Value};

use super::text;
use crate::{
    Error, Held, List, Noun, Page,
    list::{Cursor, Which},
    stats::Counters,
    sum,
    write::Name,
};

const GET: &str = "
select version, format, sum, keys, body, '', scope, id from documents where kind = ?1 and scope = ?2 and id = ?3";

const BY_ID: &str = "select d.version, d.format, d.sum, d.keys, d.body, '', d.scope, d.id from documents d";

const BY_KEY: &str = "select d.version, d.format, d.sum, d.keys, d.body, k.value, k.scope, k.id
from document_keys k cross join documents d";

/// The sum that is kept beside a document.
pub(crate) fn document_sum(
    (kind, scope, id): Name<'_>,
    (version, format): (u64, u32),
    keys: &str,
    body: &str,
) -> u32 {
    let (version, format) = (version.to_le_bytes(), format.to_le_bytes());
    let texts = [kind, scope, id, keys, body].map(str::as_bytes);
    sum::of(&[texts[0], texts[1], texts[2], &version, &format, texts[3], texts[4]])
}

/// A document as it was written. Readers are of one type for all nouns: what a body means is read by [`Held::read`],
/// where the noun is known.
pub(crate) struct Kept {
    pub(crate) scope: String,
    pub(crate) id: String,
    format: u32,
    pub(crate) body: String,
}

/// The document, if there is one.
pub(crate) fn get(
    connection: &Connection,
    kind: &str,
    scope: &str,
    id: &str,
) -> Result<Option<Held<Kept>>, Error> {
    let mut statement = connection.prepare_cached(GET)?;
    let kept = statement.query_row([kind, scope, id], |row| Ok(kept(kind, row))).optional()?;
    kept.transpose()
}

/// One page. A row that is not what was written is left out and noted, and takes nobody's place on the page.
pub(crate) fn list(
    connection: &Connection,
    counters: &Counters,
    kind: &str,
    list: &List,
) -> Result<Page<Kept>, Error> {
    let limit = list.page();
    let (text, arguments) = question(kind, list)?;
    let mut statement = connection.prepare_cached(&text)?;
    let mut rows = statement.query(params_from_iter(arguments))?;
    let mut page = Page { items: Vec::new(), next: None };
    let mut last = None;
    while let Some(row) = rows.next()? {
        let Some((held, at)) = whole(counters, kind, row) else { continue };
        if page.items.len() == limit {
            page.next = last.map(|cursor: Cursor| cursor.encode());
            break;
        }
        page.items.push(held);
        last = Some(at);
    }
    Ok(page)
}

/// Whether there is any, also one that cannot be read.
pub(crate) fn any(connection: &Connection, kind: &str, list: &List) -> Result<bool, Error> {
    let (text, arguments) = question(kind, list)?;
    Ok(connection.prepare_cached(&text)?.exists(params_from_iter(arguments))?)
}

/// The document in a row and where it stands in the order, if both are what was written; otherwise that is noted.
pub(super) fn whole(counters: &Counters, kind: &str, row: &Row<'_>) -> Option<(Held<Kept>, Cursor)> {
    let whole = kept(kind, row).and_then(|held| Ok((held, place(kind, row)?)));
    whole.inspect_err(|error| counters.unread(error)).ok()
}

/// A place of which a byte is another would be none to go on from.
fn place(kind: &str, row: &Row<'_>) -> Result<Cursor, Error> {
    let part = |at: usize| row.get::<_, String>(at).map_err(|e| poisoned(kind, row, e.to_string()));
    Ok(Cursor { value: part(5)?, scope: part(6)?, id: part(7)?, folder: None })
}

/// The SQL of a list and its arguments. It has no limit: who asks stops reading.
pub(super) fn question(kind: &str, list: &List) -> Result<(String, Vec<Value>), Error> {
    let mut arguments = Vec::new();
    let mut take = |value: &str| {
        arguments.push(Value::Text(value.to_owned()));
        format!("?{}", arguments.len())
    };
    let (table, from) = if list.key.is_some() { ("k", BY_KEY) } else { ("d", BY_ID) };
    let ordered = if list.key.is_some() { "k.value" } else { "d.id" };
    let mut text = format!("{from} where {table}.kind = {}", take(kind));
    if let Some(key) = list.key {
        text +=
            &format!(" and k.key = {} and d.kind = k.kind and d.scope = k.scope and d.id = k.id", take(key));
    }
    // The columns that the answer is ordered by, as an index has them.
    let mut columns = Vec::new();
    match &list.scope {
        Some(scope) => text += &format!(" and {table}.scope = {}", take(scope)),
        None => columns.push("scope"),
    }
    columns.push("id");
    match &list.which {
        Which::Range(range) => {
            for (sign, bound) in [(">=", &range.from), (">", &range.after), ("<", &range.before)] {
                if let Some(bound) = bound {
                    text += &format!(" and {ordered} {sign} {}", take(bound));
                }
            }
            if list.key.is_some() {
                columns.insert(0, "value");
            }
        }
        Which::Equal(value) => text += &format!(" and {ordered} = {}", take(value)),
    }
    if let Some(cursor) = list.cursor()? {
        let sign = if list.descending { "<" } else { ">" };
        let places: Vec<_> = columns.iter().map(|column| take(cursor.part(column))).collect();
        let columns: Vec<_> = columns.iter().map(|column| format!("{table}.{column}")).collect();
        text += &format!(" and ({}) {sign} ({})", columns.join(", "), places.join(", "));
    }
    let direction = if list.descending { "desc" } else { "asc" };
    let order: Vec<_> = columns.iter().map(|column| format!("{table}.{column} {direction}")).collect();
    text += &format!(" order by {}", order.join(", "));
    Ok((text, arguments))
}

/// The document in a row, if it is what was written.
fn kept(kind: &str, row: &Row<'_>) -> Result<Held<Kept>, Error> {
    let (scope, id) = (text(row, 6), text(row, 7));
    let checked = checked(kind, (&scope, &id), row);
    let (version, format, body) = checked.map_err(|reason| poisoned(kind, row, reason))?;
    Ok(Held { version, value: Kept { scope, id, format, body } })
}

fn poisoned(kind: &str, row: &Row<'_>, reason: String) -> Error {
    Error::Poisoned { kind: kind.to_owned(), scope: text(row, 6), id: text(row, 7), reason }
}

/// Version, format and body of a row whose bytes are those that were written.
fn checked(kind: &str, (scope, id): (&str, &str), row: &Row<'_>) -> Result<(u64, u32, String), String> {
    let text = |at: usize| row.get_ref(at).map_err(|e| e.to_string())?.as_str().map_err(|e| e.to_string());
    let version: u64 = row.get(0).map_err(|e| e.to_string())?;
    let format: u32 = row.get(1).map_err(|e| e.to_string())?;
    let written: i64 = row.get(2).map_err(|e| e.to_string())?;
    let (keys, body) = (text(3)?, text(4)?);
    if i64::from(document_sum((kind, scope, id), (version, format), keys, body)) != written {
        return Err("its bytes are not those that were written".to_owned());
    }
    Ok((version, format, body.to_owned()))
}

impl Held<Kept> {
    /// The document as the noun that it is.
    pub(crate) fn read<T: Noun>(self) -> Result<Held<T>, Error> {
        let Kept { scope, id, format, body } = self.value;
        let value = body_of::<T>(format, body);
        let poisoned = |reason| Error::Poisoned { kind: T::KIND.to_owned(), scope, id, reason };
        Ok(Held { version: self.version, value: value.map_err(poisoned)? })
    }
}

/// An upgraded body is read as text again: so each noun needs the code of one reader only.
fn body_of<T: Noun>(format: u32, mut body: String) -> Result<T, String> {
    if format > T::FORMAT {
        return Err(format!("its format {format} is of a newer trainyard, this one knows {}", T::FORMAT));
    }
    if format < T::FORMAT {
        let old = serde_json::from_str(&body).map_err(|e| e.to_string())?;
        body = T::upgrade(format, old)?.to_string();
    }
    serde_json::from_str(&body).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Range, schema::tests::empty};

    /// Every form of list is answered from an index, in its order, without sorting or looking at other documents.
    #[test]
    fn lists_follow_an_index() {
        let connection = empty();
        let cursor = Cursor { value: "v".into(), scope: "s".into(), id: "i".into(), folder: None }.encode();
        let range = || Range { from: Some("a".into()), after: Some("b".into()), before: Some("c".into()) };
        for list in [List::in_scope("s"), List::everywhere()] {
            let by_key = list.clone().by("k").within(range());
            let by_id = if list.scope.is_some() { list.clone().within(range()) } else { list.clone() };
            for list in [list.clone(), by_id, list.clone().by("k"), by_key, list.equal("k", "v")] {
                for list in [list.clone(), list.clone().after(Some(cursor.clone())), list.descending(true)] {
                    let (text, arguments) = question("thing", &list).unwrap();
                    let plan = plan(&connection, &text, arguments);
                    assert!(!plan.contains("SCAN") && !plan.contains("B-TREE"), "{text}\n{plan}");
                }
            }
        }
    }

    fn plan(connection: &Connection, text: &str, arguments: Vec<Value>) -> String {
        let mut statement = connection.prepare(&format!("explain query plan {text}")).unwrap();
        let rows = statement.query_map(params_from_iter(arguments), |row| row.get::<_, String>(3)).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>().join("\n")
    }
}
