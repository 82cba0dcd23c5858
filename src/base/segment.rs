//! How many SMS a text costs.
