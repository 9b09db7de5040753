//! Reading documents.

use rusqlite::{Connection, OptionalExtension, Row, params_from_iter, types::Value};

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

/// The document, if there is one.
pub(crate) fn get<T: Noun>(connection: &Connection, scope: &str, id: &str) -> Result<Option<Held<T>>, Error> {
    let mut statement = connection.prepare_cached(GET)?;
    let held = statement.query_row([T::KIND, scope, id], |row| Ok(decode::<T>(row))).optional()?;
    held.transpose()
}

/// One page.
pub(crate) fn list<T: Noun>(
    connection: &Connection,
    counters: &Counters,
    list: &List,
) -> Result<Page<T>, Error> {
    let limit = list.page();
    let (text, arguments) = question(T::KIND, list, limit + 1)?;
    let mut statement = connection.prepare_cached(&text)?;
    let mut rows = statement.query(params_from_iter(arguments))?;
    let mut page = Page { items: Vec::new(), next: None };
    let (mut seen, mut last) = (0, None);
    while let Some(row) = rows.next()? {
        if seen == limit {
            page.next = last.map(|cursor: Cursor| cursor.encode());
            break;
        }
        seen += 1;
        page.items.extend(readable(row, counters)?);
        last = Some(place(row)?);
    }
    Ok(page)
}

/// The document in a row, if it can be read.
pub(super) fn readable<T: Noun>(row: &Row<'_>, counters: &Counters) -> Result<Option<Held<T>>, Error> {
    match decode::<T>(row) {
        Ok(held) => Ok(Some(held)),
        Err(e @ Error::Poisoned { .. }) => {
            counters.poisoned.add(1);
            counters.damage.note(&e);
            Ok(None)
        }
        Err(e) => Err(e),
    }
}

/// Where a row stands in the order.
pub(super) fn place(row: &Row<'_>) -> Result<Cursor, Error> {
    Ok(Cursor { value: row.get(5)?, scope: row.get(6)?, id: row.get(7)?, folder: None })
}

/// The SQL of a list and its arguments.
pub(super) fn question(kind: &str, list: &List, limit: usize) -> Result<(String, Vec<Value>), Error> {
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
    text += &format!(" order by {} limit ?{}", order.join(", "), arguments.len() + 1);
    arguments.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
    Ok((text, arguments))
}

/// The document in a row, or what is wrong with it.
fn decode<T: Noun>(row: &Row<'_>) -> Result<Held<T>, Error> {
    let (scope, id): (String, String) = (row.get(6)?, row.get(7)?);
    decode_named(row, &scope, &id).map_err(|reason| Error::Poisoned {
        kind: T::KIND.to_owned(),
        scope,
        id,
        reason,
    })
}

fn decode_named<T: Noun>(row: &Row<'_>, scope: &str, id: &str) -> Result<Held<T>, String> {
    let text = |at: usize| row.get_ref(at).map_err(|e| e.to_string())?.as_str().map_err(|e| e.to_string());
    let version: u64 = row.get(0).map_err(|e| e.to_string())?;
    let format: u32 = row.get(1).map_err(|e| e.to_string())?;
    let kept: i64 = row.get(2).map_err(|e| e.to_string())?;
    let (keys, body) = (text(3)?, text(4)?);
    let sum = document_sum((T::KIND, scope, id), (version, format), keys, body);
    if i64::from(sum) != kept {
        return Err("its bytes are not those that were written".to_owned());
    }
    if format > T::FORMAT {
        return Err(format!("its format {format} is of a newer trainyard, this one knows {}", T::FORMAT));
    }
    let value = if format == T::FORMAT {
        serde_json::from_str(body)
    } else {
        let body = serde_json::from_str(body).map_err(|e| e.to_string())?;
        serde_json::from_value(T::upgrade(format, body)?)
    };
    Ok(Held { version, value: value.map_err(|e| e.to_string())? })
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
                    let (text, arguments) = question("thing", &list, 10).unwrap();
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
