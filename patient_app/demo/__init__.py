"""The demonstration practice: invented people with ninety days of entries, only ever put into an empty database."""
