//! The languages Trainyard reads: text to checked syntax to value.
