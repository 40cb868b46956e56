"""Entry: `application` for a web server, and `python app.py COMMAND` as the command line."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path

from patient_app.core.config import Config, ConfigError

ENVIRONMENT = Path(__file__).resolve().with_name(".venv")

if __name__ == "__main__":
    try:
        from patient_app.cli import main
    except ModuleNotFoundError as missing:
        # Called with another Python than the one that `make run` set up: go on with that one.
        python = ENVIRONMENT / "bin" / "python"
        if not python.exists() or Path(sys.prefix) == ENVIRONMENT:
            sys.exit(
                f"tandem: the Python package {missing.name} is not installed. Run `make run` once: it installs all."
            )
        os.execv(python, [str(python), *sys.argv])  # noqa: S606 - no shell; our own Python.

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
    # What was made up to here lives as long as the process: nobody waits while it is looked through for garbage.
    gc.collect()
    gc.freeze()
