//! One execution: decide and apply.
