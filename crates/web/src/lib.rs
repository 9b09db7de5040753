//! Health, metrics, pages and web hooks.
