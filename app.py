"""Entry: `application` for a web server, and `python app.py COMMAND` as the command line."""

from __future__ import annotations

import sys

from patient_app.core.config import Config, ConfigError

if __name__ == "__main__":
    from patient_app.cli import main

    main()
else:
    from patient_app.core import logs
    from patient_app.factory import create_app

    logs.configure()
    logs.log_what_nobody_caught()
    try:
        application = create_app(Config.from_env())
    except ConfigError as error:
        sys.exit(f"tandem: {error}")
