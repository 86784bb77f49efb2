"""Tests, in the same tree as src/yunxin: one file per source file."""
