"""The modifiers that rules speak of by name."""

from __future__ import annotations

from integration_engine.core.codes import Modifier

KX = Modifier("KX")
GA, GX, GY, GZ = Modifier("GA"), Modifier("GX"), Modifier("GY"), Modifier("GZ")
NOTICE = frozenset({GA, GX, GY, GZ})
SEPARATE = frozenset({"59", "XE", "XS", "XP", "XU"})
COMPUTED = frozenset({"GP", "GO", "GN", "CQ", "CO", "KX", "95", "93", "GT", "FQ"})
