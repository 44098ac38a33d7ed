"""Feeds: the compiled mapping files of senders, and the reading of a message into a statement."""
