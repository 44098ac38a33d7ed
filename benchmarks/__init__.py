"""Whole-process figures: ``make bench`` prints a table. Never part of the tests."""
