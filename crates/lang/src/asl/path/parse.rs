//! Text to path.

use super::{
    NotAPath, Path, Root, Step,
    filter::{Compare, Filter, Operand},
};
use crate::asl::variables;

/// How many steps a path may have: `ResultPath` makes an object for each.
const STEPS: usize = 100;
/// How deep parentheses and negations in a filter may nest.
const FILTER_DEPTH: usize = 16;

pub(super) fn path(text: &str) -> Result<Path, NotAPath> {
    let mut reader = Reader { text, at: 0 };
    let (root, steps) = reader.path(false)?;
    if reader.at != text.len() {
        return Err(reader.wrong("unexpected text"));
    }
    Ok(Path { text: text.to_owned(), root, steps })
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn wrong(&self, what: &str) -> NotAPath {
        NotAPath(format!("{what} at character {} of `{}`", self.at + 1, self.text))
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), NotAPath> {
        if self.eat(token) { Ok(()) } else { Err(self.wrong(&format!("`{token}` expected"))) }
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// A path; inside a filter a name ends at blanks and operators too.
    fn path(&mut self, in_filter: bool) -> Result<(Root, Vec<Step>), NotAPath> {
        self.expect("$")?;
        let root = if self.eat("$") { Root::Context } else { self.variable() };
        Ok((root, self.steps(in_filter)?))
    }

    /// The name of a variable right behind the `$`, or the input where there is none.
    fn variable(&mut self) -> Root {
        let name = variables::name_at(self.rest());
        self.at += name.len();
        if name.is_empty() { Root::Input } else { Root::Variable(name.to_owned()) }
    }

    fn steps(&mut self, in_filter: bool) -> Result<Vec<Step>, NotAPath> {
        let mut steps = Vec::new();
        loop {
            if steps.len() > STEPS {
                return Err(self.wrong("the path has too many steps"));
            }
            if self.eat("..") {
                steps.push(Step::Descend);
                if self.rest().starts_with('[') {
                    continue;
                }
                steps.push(self.dotted(in_filter)?);
            } else if self.eat(".") {
                if self.rest().starts_with('[') {
                    continue;
                }
                steps.push(self.dotted(in_filter)?);
            } else if self.rest().starts_with('[') {
                steps.push(self.bracket()?);
            } else {
                return Ok(steps);
            }
        }
    }

    fn dotted(&mut self, in_filter: bool) -> Result<Step, NotAPath> {
        if self.eat("*") {
            return Ok(Step::Wildcard);
        }
        let ends =
            |c: char| ".[]()'\"".contains(c) || c.is_whitespace() || (in_filter && "=!<>&|,".contains(c));
        let name = self.rest().split(ends).next().unwrap_or_default();
        if name.is_empty() {
            return Err(self.wrong("a name expected"));
        }
        self.at += name.len();
        if self.rest().starts_with('(') {
            return Err(self.wrong("functions are not supported in paths (use an intrinsic function)"));
        }
        Ok(Step::Child(name.to_owned()))
    }

    fn bracket(&mut self) -> Result<Step, NotAPath> {
        self.expect("[")?;
        self.blanks();
        let step = match self.rest().chars().next() {
            Some('*') => {
                self.at += 1;
                Step::Wildcard
            }
            Some('?') => {
                self.at += 1;
                self.blanks();
                self.expect("(")?;
                let filter = self.any(FILTER_DEPTH)?;
                self.blanks();
                self.expect(")")?;
                Step::Filter(filter)
            }
            Some('\'' | '"') => self.names()?,
            _ => self.numbers()?,
        };
        self.blanks();
        self.expect("]")?;
        Ok(step)
    }

    fn names(&mut self) -> Result<Step, NotAPath> {
        let first = self.quoted()?;
        let mut all = vec![first];
        loop {
            self.blanks();
            if !self.eat(",") {
                break;
            }
            self.blanks();
            all.push(self.quoted()?);
        }
        if all.len() > 1 {
            return Ok(Step::Children(all));
        }
        Ok(Step::Child(all.swap_remove(0)))
    }

    fn quoted(&mut self) -> Result<String, NotAPath> {
        let quote = self.rest().chars().next().filter(|c| *c == '\'' || *c == '"');
        let quote = quote.ok_or_else(|| self.wrong("a quoted text expected"))?;
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some((_, c)) => text.push(c),
                    None => break,
                },
                c if c == quote => {
                    self.at += at + 1;
                    return Ok(text);
                }
                c => text.push(c),
            }
        }
        Err(self.wrong("a quote is not closed"))
    }

    fn number(&mut self) -> Result<Option<i64>, NotAPath> {
        self.blanks();
        let rest = self.rest();
        let signed = usize::from(rest.starts_with('-'));
        let digits = rest[signed..].bytes().take_while(u8::is_ascii_digit).count();
        if signed + digits == 0 {
            return Ok(None);
        }
        let number = rest[..signed + digits].parse().map_err(|_| self.wrong("a whole number expected"))?;
        self.at += signed + digits;
        self.blanks();
        Ok(Some(number))
    }

    fn numbers(&mut self) -> Result<Step, NotAPath> {
        let first = self.number()?;
        if self.eat(":") {
            let to = self.number()?;
            if self.rest().starts_with(':') {
                return Err(self.wrong("slices have no step in Step Functions"));
            }
            return Ok(Step::Slice { from: first, to });
        }
        let first =
            first.ok_or_else(|| self.wrong("an index, a quoted name, `*`, `?` or a slice expected"))?;
        let mut all = vec![first];
        while self.eat(",") {
            all.push(self.number()?.ok_or_else(|| self.wrong("an index expected"))?);
        }
        if all.len() > 1 { Ok(Step::Indexes(all)) } else { Ok(Step::Index(first)) }
    }

    fn any(&mut self, depth: usize) -> Result<Filter, NotAPath> {
        let mut all = vec![self.every(depth)?];
        loop {
            self.blanks();
            if !self.eat("||") {
                break;
            }
            all.push(self.every(depth)?);
        }
        Ok(if all.len() == 1 { all.swap_remove(0) } else { Filter::Any(all) })
    }

    fn every(&mut self, depth: usize) -> Result<Filter, NotAPath> {
        let mut all = vec![self.term(depth)?];
        loop {
            self.blanks();
            if !self.eat("&&") {
                break;
            }
            all.push(self.term(depth)?);
        }
        Ok(if all.len() == 1 { all.swap_remove(0) } else { Filter::Every(all) })
    }

    fn term(&mut self, depth: usize) -> Result<Filter, NotAPath> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self.wrong("the filter nests too deeply"));
        };
        self.blanks();
        if self.rest().starts_with('!') && !self.rest().starts_with("!=") {
            self.at += 1;
            return Ok(Filter::Not(Box::new(self.term(depth)?)));
        }
        if self.eat("(") {
            let inner = self.any(depth)?;
            self.blanks();
            self.expect(")")?;
            return Ok(inner);
        }
        let left = self.operand()?;
        self.blanks();
        let Some(compare) = self.compare()? else {
            return match left {
                Operand::Here(steps) => Ok(Filter::Exists(steps)),
                _ => Err(self.wrong("a comparison expected")),
            };
        };
        Ok(Filter::Test { left, compare, right: self.operand()? })
    }

    fn compare(&mut self) -> Result<Option<Compare>, NotAPath> {
        for (token, compare) in Compare::TOKENS {
            if self.eat(token) {
                return Ok(Some(*compare));
            }
        }
        if self.rest().starts_with("=~") || self.rest().starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(self.wrong("this filter operator is not supported (== != < <= > >= are)"));
        }
        Ok(None)
    }

    fn operand(&mut self) -> Result<Operand, NotAPath> {
        self.blanks();
        let rest = self.rest();
        if self.eat("@") {
            return Ok(Operand::Here(self.steps(true)?));
        }
        match rest.chars().next() {
            Some('$') => {
                let (root, steps) = self.path(true)?;
                if root != Root::Input {
                    return Err(self.wrong("a filter looks at `@` and `$` only"));
                }
                Ok(Operand::Root(steps))
            }
            Some('\'' | '"') => Ok(Operand::Literal(self.quoted()?.into())),
            Some(_) => {
                let ends = |c: char| c.is_whitespace() || ")&|=!<>".contains(c);
                let word = rest.split(ends).next().unwrap_or_default();
                let value = serde_json::from_str::<serde_json::Value>(word)
                    .ok()
                    .filter(|v| !v.is_object() && !v.is_array() && !v.is_string());
                let value = value.ok_or_else(|| self.wrong("a path or a literal expected"))?;
                self.at += word.len();
                Ok(Operand::Literal(value))
            }
            None => Err(self.wrong("a path or a literal expected")),
        }
    }
}
