//! A table of numbered rows whose copies share what they have in common; a number that is free is used again.

use std::sync::Arc;

const PAGE: usize = 64;

/// The table. A copy costs as many reference counts as there are pages.
#[derive(Clone, Debug)]
pub(super) struct Table<V> {
    pages: Vec<Arc<Vec<Row<V>>>>,
    free: Option<u32>,
    ever: usize,
}

#[derive(Clone, Debug)]
enum Row<V> {
    Held(V),
    /// With the free row after this one.
    Free(Option<u32>),
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self { pages: Vec::new(), free: None, ever: 0 }
    }
}

impl<V: Clone> Table<V> {
    /// How many numbers were ever used: all are less.
    pub(super) fn ever(&self) -> usize {
        self.ever
    }

    pub(super) fn get(&self, number: u32) -> Option<&V> {
        let at = number as usize;
        match self.pages.get(at / PAGE)?.get(at % PAGE)? {
            Row::Held(value) => Some(value),
            Row::Free(_) => None,
        }
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut V> {
        match self.row(number)? {
            Row::Held(value) => Some(value),
            Row::Free(_) => None,
        }
    }

    pub(super) fn add(&mut self, value: V) -> u32 {
        if let Some(number) = self.free
            && let Some(row) = self.row(number)
            && let Row::Free(next) = std::mem::replace(row, Row::Held(value.clone()))
        {
            self.free = next;
            return number;
        }
        if self.ever.is_multiple_of(PAGE) {
            self.pages.push(Arc::default());
        }
        if let Some(page) = self.pages.last_mut() {
            Arc::make_mut(page).push(Row::Held(value));
        }
        self.ever += 1;
        u32::try_from(self.ever - 1).unwrap_or(u32::MAX)
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<V> {
        self.get(number)?;
        let free = self.free;
        let row = self.row(number)?;
        let Row::Held(value) = std::mem::replace(row, Row::Free(free)) else { return None };
        self.free = Some(number);
        Some(value)
    }

    fn row(&mut self, number: u32) -> Option<&mut Row<V>> {
        let at = number as usize;
        Arc::make_mut(self.pages.get_mut(at / PAGE)?).get_mut(at % PAGE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_used_again() {
        let mut table = Table::default();
        let numbers: Vec<_> = (0..200).map(|value| table.add(value)).collect();
        let before = table.clone();
        assert_eq!(table.remove(numbers[70]), Some(70));
        assert_eq!(table.remove(numbers[70]), None);
        assert_eq!(table.remove(numbers[3]), Some(3));
        assert_eq!((table.add(1000), table.add(1001), table.add(1002)), (numbers[3], numbers[70], 200));
        assert_eq!(table.get(numbers[70]), Some(&1001));
        assert_eq!(before.get(numbers[70]), Some(&70));
        assert_eq!(table.ever(), 201);
    }
}
