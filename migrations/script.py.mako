"""${message}

Before it lands: one idea a file; nothing that rewrites a large table while the engine runs; tried on both databases.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from integration_engine.store.database import Instant
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Apply."""
    ${upgrades if upgrades else "pass"}
