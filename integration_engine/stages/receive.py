"""Receive: from framed bytes to a committed journal row and the acknowledgment that may now be sent.

Load → decide → save over all messages that arrived together: each is peeked at and answered in memory, one journal
transaction stores them all, and only then are the acknowledgments handed out. A commit that fails raises, and
nothing is acknowledged. Nothing here reads a segment beyond MSH and the patient identifier that keeps order.
Source  HL7 v2.5.1 §2.9 (acknowledgments), ACK contract in the README.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from integration_engine.core.errors import InboundError
from integration_engine.crosswalk.feeds import Feed, Feeds
from integration_engine.store.journal import Arrival, Journal
from integration_engine.store.lanes import LANE_COUNT
from integration_engine.wire import acknowledgment, hl7
from integration_engine.wire.mllp import encode_frame
