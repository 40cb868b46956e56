"""Backups of a SQLite installation, and putting them back: docs/backup.md is the rule, this is the doing."""
