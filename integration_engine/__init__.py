"""An integration engine between an outpatient-therapy EMR and its billing. Start reading at ``journey.py``."""

__version__ = "0.1.0"
