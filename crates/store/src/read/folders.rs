//! Listing by folders: many documents that share a beginning stand as one entry.

use rusqlite::{Connection, params_from_iter};

use super::document::{Kept, question, whole};
use crate::{
    Entry, Error, Folders, List, Range,
    list::{Cursor, Which},
    stats::Counters,
};

/// One page of documents and folders. A row that is not what was written is left out and noted.
pub(crate) fn folders(
    connection: &Connection,
    counters: &Counters,
    kind: &str,
    list: List,
    (prefix, delimiter): (&str, &str),
) -> Result<Folders<Kept>, Error> {
    let Some(mut rest) = begin(list, prefix)? else { return Ok(Folders { entries: Vec::new(), next: None }) };
    let limit = rest.page();
    let mut page = Folders { entries: Vec::new(), next: None };
    let (mut seen, mut last) = (0, None::<Cursor>);
    // Each round reads on until it meets a folder, and the next begins after all that is in it.
    'rounds: loop {
        let (text, arguments) = question(kind, &rest)?;
        let mut statement = connection.prepare_cached(&text)?;
        let mut rows = statement.query(params_from_iter(arguments))?;
        while let Some(row) = rows.next()? {
            let Some((held, mut at)) = whole(counters, kind, row) else { continue };
            if seen == limit {
                page.next = last.map(|cursor| cursor.encode());
                break 'rounds;
            }
            seen += 1;
            let name = if rest.key.is_some() { &at.value } else { &at.id };
            let Some(folder) = folder(name, prefix, delimiter) else {
                page.entries.push(Entry::Document(held));
                last = Some(at);
                continue;
            };
            page.entries.push(Entry::Folder(folder.clone()));
            at.folder = Some(folder.clone());
            last = Some(at);
            match past(rest, &folder) {
                Some(next) => rest = next,
                None => break 'rounds,
            }
            continue 'rounds;
        }
        break;
    }
    Ok(page)
}

/// The list from where its cursor says, all of it below the prefix. `None`: nothing can be there.
fn begin(list: List, prefix: &str) -> Result<Option<List>, Error> {
    let range = match &list.which {
        Which::Range(range) if list.scope.is_some() && !list.descending => range.clone(),
        _ => {
            return Err(Error::Internal("folders are listed in one scope, by a range, ascending".to_owned()));
        }
    };
    let below = Range::prefix(prefix);
    let before = match (range.before, below.before) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    let folder = list.cursor()?.and_then(|cursor| cursor.folder);
    let list = list.within(Range { from: range.from.max(below.from), after: range.after, before });
    Ok(match folder {
        Some(folder) => past(list, &folder),
        None => Some(list),
    })
}

/// The rest of the list after all that is in the folder.
fn past(mut list: List, folder: &str) -> Option<List> {
    if let Which::Range(range) = list.which {
        list.which = Which::Range(range.past(folder)?);
    }
    Some(list.after(None))
}

fn folder(name: &str, prefix: &str, delimiter: &str) -> Option<String> {
    let rest = name.strip_prefix(prefix)?;
    let at = rest.find(delimiter).filter(|_| !delimiter.is_empty())?;
    Some(name[..prefix.len() + at + delimiter.len()].to_owned())
}
