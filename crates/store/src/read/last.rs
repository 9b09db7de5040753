//! The last documents of a scope: for what is kept up to a bound.

use rusqlite::{Connection, OptionalExtension};

use crate::Error;

const SIZES: &str =
    "select id, octet_length(body) from documents where kind = ?1 and scope = ?2 order by id desc";

const NEXT_SCOPE: &str = "select scope from documents where kind = ?1 and scope > ?2 order by scope limit 1";

/// The id of the first of the last `most` documents that have `bytes` bytes together at most; nothing where none comes
/// before it. The very last one is always among them.
pub(crate) fn first_of_last(
    connection: &Connection,
    (kind, scope): (&str, &str),
    (most, bytes): (usize, u64),
) -> Result<Option<String>, Error> {
    let mut statement = connection.prepare_cached(SIZES)?;
    let mut rows = statement.query([kind, scope])?;
    let (mut count, mut sum, mut first) = (0, 0, None);
    while let Some(row) = rows.next()? {
        let size: u64 = row.get(1)?;
        (count, sum) = (count + 1, sum + size);
        if first.is_some() && (count > most || sum > bytes) {
            return Ok(first);
        }
        first = Some(row.get(0)?);
    }
    Ok(None)
}

/// All scopes that have documents of the kind: one step of an index for each.
pub(crate) fn scopes(connection: &Connection, kind: &str) -> Result<Vec<String>, Error> {
    let mut statement = connection.prepare_cached(NEXT_SCOPE)?;
    let mut found: Vec<String> = Vec::new();
    loop {
        let last = found.last().map_or("", String::as_str);
        match statement.query_row([kind, last], |row| row.get(0)).optional()? {
            Some(scope) => found.push(scope),
            None => return Ok(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::tests::empty;

    #[test]
    fn both_follow_an_index() {
        let connection = empty();
        for text in [SIZES, NEXT_SCOPE] {
            let mut statement = connection.prepare(&format!("explain query plan {text}")).unwrap();
            let rows = statement.query_map(["thing", "s"], |row| row.get::<_, String>(3)).unwrap();
            let plan = rows.map(Result::unwrap).collect::<Vec<_>>().join("\n");
            assert!(plan.contains("INDEX") && !plan.contains("SCAN") && !plan.contains("B-TREE"), "{plan}");
        }
    }
}
